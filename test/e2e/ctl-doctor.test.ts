// A doctor who finds nothing in a lab that is well, and what the test breaks.
import { test } from 'tap';
import { runCommand } from '../../lib/lab/command.ts';
import { agentDaemon, controlDaemon } from '../../lib/lab/daemons.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { applyManifests } from '../../lib/lab/manifest.ts';
import { onNode } from '../../lib/lab/node.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { ctl, type Said, say, warrenctl } from './ctl-program.ts';
import { run, withLab } from './lab-harness.ts';

const doctor = (lab: Lab, node: string, as = node): Promise<Said> =>
  say(
    lab,
    onNode(lab.layout, node, [
      warrenctl,
      'doctor',
      '--node',
      as,
      '--kubeconfig',
      lab.layout.kubeconfig(`agent-${node}`),
    ]),
  );

test('the doctor finds nothing wrong in a lab that is well, and what the test breaks', async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  await ctl(lab, 'network', 'create', 'blue', '--attachable');
  await run(lab, 'web-1', 'n1', 'blue');
  await run(lab, 'web-2', 'n2', 'blue');
  await eventually(async () => {
    const well = await ctl(lab, 'doctor');
    if (well.status !== 0 || !/nothing is wrong/.test(well.out)) throw new Error(well.out + well.err);
  }, 10_000);
  const onN1 = await doctor(lab, 'n1');
  t.match(onN1, {
    status: 0,
    out: /✓ kernel +Linux .* accepts all \d+ objects[^]*✓ reach +1 other node[^]*✓ drift +all \d+ objects[^]*nothing is wrong/,
  });
  t.match(await doctor(lab, 'n1', 'n9'), { status: 1, err: /there is no node "n9"/ });

  await controlDaemon(lab, agentDaemon('n1'), 'stop');
  await runCommand(onNode(lab.layout, 'n1', ['ip', 'link', 'del', 'warren-pod']));
  const dropped = await runCommand(onNode(lab.layout, 'n2', ['ip', 'link', 'set', 'dev', 'eth0', 'mtu', '1400']));
  t.equal(dropped.status, 0, dropped.stderr);
  const broken = await doctor(lab, 'n1');
  t.equal(broken.status, 1);
  t.match(broken.out, /✗ agent +no agent answers at 127\.0\.0\.1:9651.*\n +→ start it/);
  t.match(broken.out, /✗ drift +missing in the host: .*warren-pod/);
  t.match(broken.out, /✗ reach +nothing comes back from node n2/);
  t.match((await ctl(lab, 'doctor')).out, /nodes|MTU/);

  await applyManifests(
    lab.api,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lost', namespace: 'default', annotations: { 'warren.dev/networks': 'bleu' } },
      spec: { containers: [{ name: 'c', image: 'c' }], nodeName: 'n1' },
    }),
    'lost',
  );
  t.match(await ctl(lab, 'doctor'), {
    status: 1,
    out: /✗ pods +pod default\/lost asks for network bleu, which does not exist\n +→ did you mean blue\?/,
  });
});
