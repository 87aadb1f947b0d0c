// A process that uses the driver ends when it should.
import { NETNS_DIR, run } from './fresh-netns.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'tap';

const opened = `
  import { openKernel } from ${JSON.stringify(import.meta.resolve('../../lib/kernel/linux.ts'))};
  import { createNftDriver } from ${JSON.stringify(import.meta.resolve('../../lib/kernel/nft/driver.ts'))};
  const kernel = await openKernel({ netnsDir: '${NETNS_DIR}', nft: createNftDriver() });
  kernel.watch(() => undefined);
  const bridge = { kind: 'bridge', netns: 'host', name: 'warren-gw', mac: '02:42:0a:01:00:01', mtu: 1500 };
  const { failed } = await kernel.apply([{ kind: 'create', object: bridge }, { kind: 'delete', object: bridge }]);
  if (failed.length > 0) throw failed[0].error;
`;

const endings: readonly (readonly [name: string, code: string, status: number])[] = [
  ['by itself, once the driver is closed', 'await kernel.close();', 0],
  ['when it is told to, with the driver open', 'process.exit(3);', 3],
  ['when it fails, with the driver open', "throw new Error('on purpose');", 1],
  ['when a timer fails', "setTimeout(() => { throw new Error('on purpose'); }, 10);", 1],
];

test('a process ends', async (t) => {
  for (const [name, code, status] of endings) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', `${opened}\n${code}`], {
      stdio: ['ignore', 'inherit', 'ignore'],
      timeout: 20_000,
    });
    const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
    t.same({ exitCode, signal }, { exitCode: status, signal: null }, name);
  }
  t.notMatch(run('ip', 'link'), /warren/);
});

test('a signal ends it with the driver open', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `${opened}\nprocess.stdout.write('open');`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  t.same(await once(child, 'close'), [null, 'SIGTERM']);
});
