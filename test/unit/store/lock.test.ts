import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { lockDirectory } from '../../../lib/store/lock.ts';

test('a second agent is refused until the first is gone, however it goes', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'warren-lock-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const script = `import { lockDirectory } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/store/lock.ts'))};
    console.log(lockDirectory(${JSON.stringify(directory)}).ok); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
  t.teardown(() => holder.kill('SIGKILL'));
  const [line] = (await once(holder.stdout, 'data')) as [Buffer];
  t.equal(line.toString().trim(), 'true');
  const refused = lockDirectory(directory);
  t.match(refused, { ok: false, error: /another agent holds .*--state-dir/ });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = lockDirectory(directory);
  t.ok(lock.ok);
  if (lock.ok) lock.value();
});
