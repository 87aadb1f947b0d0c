// What goes with its owner or its namespace: kube-controller-manager's collectors and those of the embedded server do the same.
import t, { type Test } from 'tap';
import { asArray } from '../../lib/lab/apiserver/json.ts';
import { ownerCases } from '../unit/lab/apiserver/owner-cases.ts';
import { widgetDefinition } from '../unit/lab/apiserver/start.ts';
import { talkTo, until, WIDGETS } from '../unit/lab/apiserver/talk.ts';
import type { Server } from '../unit/lab/apiserver/contract/send.ts';
import { applyDefinitions } from './deployed.ts';
import { startCollectors, startEmbeddedServer, startRealServer } from './servers.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

/** One server for all cases: each begins with what the last one left gone. */
async function runCases(t: Test, server: Server): Promise<void> {
  const talk = talkTo(server);
  for (const { name, run } of ownerCases) {
    for (const path of [WIDGETS, MAPS]) {
      await talk('DELETE', path);
      await until(
        `nothing is left in ${path}`,
        async () => asArray((await talk('GET', path)).body['items']).length === 0,
      );
    }
    await t.test(name, (t) => run(t, talk));
  }
}

t.test('the embedded server', async (t) => {
  const { server } = await startEmbeddedServer(t);
  await applyDefinitions(server, [widgetDefinition]);
  await runCases(t, server);
});

t.test('kube-apiserver and kube-controller-manager', async (t) => {
  const server = await startRealServer(t);
  await applyDefinitions(server, [widgetDefinition]);
  await startCollectors(t, server);
  await runCases(t, server);
});
