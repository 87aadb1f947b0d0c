/** Runs a program attached to this terminal, as `docker run` and `docker exec` do. */
import { spawn } from 'node:child_process';
import { exitStatus } from './exit-status.ts';

/** The program's exit status. While it runs, an interrupt from the keyboard is its own, not ours. */
export async function runAttached(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file = '', ...rest] = argv;
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  process.on('SIGQUIT', ignore);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(file, rest, { stdio: 'inherit', env });
  const passOn = (): void => void child.kill('SIGTERM');
  process.on('SIGTERM', passOn);
  child.on('error', reject);
  child.on('exit', (code, signal) => resolve(exitStatus(code, signal)));
  try {
    return await promise;
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGQUIT', ignore);
    process.off('SIGTERM', passOn);
  }
}
