/** DELs for an agent that is down: the runtime must get its success, and nothing may leak. */
import { fileSystem } from './system-calls.ts';

/** Durable when it returns: the file, then its name. Throws the file system's error, and leaves nothing behind. */
export function enqueue(dir: string, name: string, content: Uint8Array): void {
  const fs = fileSystem();
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const staged = `${dir}/.${name}.${process.pid}`;
  try {
    withFile(staged, 'w', (fd) => {
      for (let at = 0; at < content.length;) at += fs.writeSync(fd, content, at);
      fs.fsyncSync(fd);
    });
    fs.renameSync(staged, `${dir}/${name}`);
  } catch (error) {
    fs.rmSync(staged, { force: true });
    throw error;
  }
  withFile(dir, 'r', fs.fsyncSync);
}

function withFile(path: string, flags: string, work: (fd: number) => void): void {
  const fs = fileSystem();
  const fd = fs.openSync(path, flags, 0o600);
  try {
    work(fd);
  } finally {
    fs.closeSync(fd);
  }
}
