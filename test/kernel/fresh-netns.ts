/**
 * Namespaces of their own for kernel tests. Import this module first, before tap: it runs the test file again in fresh network
 * and mount namespaces with an empty /run/netns, so that 'host' is a namespace without a network, `ip netns` shows only
 * what the test makes, and the kernel removes all of it with the process, however that ends.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Of the tests that import this module; empty when each begins. */
export const NETNS_DIR = '/run/netns';
const MARK = 'WARREN_TEST_IN_FRESH_NETNS';

if (process.getuid?.() !== 0) {
  console.log('1..0 # SKIP needs root: it makes network namespaces');
  process.exit(0);
}
if (process.env[MARK] === undefined) {
  const unshare = ['unshare', '--net', '--mount', '--propagation', 'private'];
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', ...unshare, '--', ...again], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  process.exit(status ?? 1);
}
mkdirSync(NETNS_DIR, { recursive: true });
run('mount', '-t', 'tmpfs', 'tmpfs', NETNS_DIR);

/** Runs a command in the test's own namespaces: its standard output. Throws when it fails. */
export function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw error ?? new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}

/** `ip ARGS…` */
export const ip = (...args: readonly string[]): string => run('ip', ...args);
/** `bridge ARGS…` */
export const bridge = (...args: readonly string[]): string => run('bridge', ...args);
/** `ip netns add NAME`: the path of its file. */
export function addNetns(name: string): `/${string}` {
  ip('netns', 'add', name);
  return `${NETNS_DIR}/${name}`;
}
/** `ip netns delete NAME` */
export const deleteNetns = (name: string): string => ip('netns', 'delete', name);
