/** The terminal: colour, questions, and progress of what takes long. */
import { createInterface } from 'node:readline/promises';
import { ansiText, type Paint, plainText, wantsColour } from '../../lib/ctl/text-style.ts';

const paintFor = (stream: NodeJS.WriteStream): Paint => (wantsColour(stream.isTTY, process.env) ? ansiText : plainText);

export const paint: Paint = (colour, text) => paintFor(process.stdout)(colour, text);

/** Asks on standard error, so that standard output stays clean; anything but yes is no. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** What is done sooner needs no word. */
const PATIENCE_MS = 300;

/** Shows on a terminal that something is under way, and since when; elsewhere one line says so. */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const out = process.stderr;
  let frame = 0;
  const draw = (): void => {
    const elapsed = performance.now() - start;
    if (elapsed < PATIENCE_MS) return;
    if (!out.isTTY) {
      if (frame++ === 0) out.write(`${what} …\n`);
      return;
    }
    out.write(`\r${FRAMES[frame++ % FRAMES.length] ?? ''} ${what} (${Math.floor(elapsed / 1000)}s)`);
  };
  const timer = setInterval(draw, FRAME_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (out.isTTY && frame > 0) out.write('\r\u001B[K');
  }
}
