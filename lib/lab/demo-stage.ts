/** How the demo speaks: numbered steps with their time, and claims that are checked before they are printed. */
import { LabError } from './lab-error.ts';

export interface Stage {
  /** Lines below the current step. */
  show(text: string): void;
  /** Prints the title, does the work, and prints how long it took. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Prints a claim that holds; throws LabError for one that does not. */
  claim(text: string, holds: boolean, instead?: string): void;
}

export function createStage(write: (line: string) => void, signal: AbortSignal): Stage {
  let number = 0;
  const show = (text: string): void => {
    for (const line of text.split('\n')) write(line === '' ? '' : `   ${line}`);
  };
  return {
    show,
    step: async (title, work) => {
      signal.throwIfAborted();
      number += 1;
      write('');
      write(`${number}. ${title}`);
      const start = performance.now();
      const result = await work();
      show(`(${((performance.now() - start) / 1000).toFixed(1)} s)`);
      return result;
    },
    claim: (text, holds, instead = 'it is not so') => {
      if (!holds)
        throw new LabError(
          `the demo expected: ${text}; but ${instead}`,
          "this is a fault in Warren or in this machine's kernel",
        );
      show(`✓ ${text}`);
    },
  };
}
