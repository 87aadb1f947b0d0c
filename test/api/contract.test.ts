// One suite, two servers: every request of the scenarios goes to a real kube-apiserver and to the embedded one, and the answers are the same.
import t from 'tap';
import { readGolden, writeGolden } from '../unit/lab/apiserver/contract/golden.ts';
import { Recorder } from '../unit/lab/apiserver/contract/recorder.ts';
import { allScenarios } from '../unit/lab/apiserver/contract/all-scenarios.ts';
import { ruledDefinition, widgetDefinition } from '../unit/lab/apiserver/start.ts';
import { applyDefinitions } from './deployed.ts';
import { startEmbeddedServer, startRealServer } from './servers.ts';

const { server: embedded } = await startEmbeddedServer(t);
const real = await startRealServer(t);
for (const server of [embedded, real]) await applyDefinitions(server, [widgetDefinition, ruledDefinition]);

for (const scenario of allScenarios) {
  t.test(scenario.name, async (t) => {
    const [theirs, ours] = [new Recorder(real), new Recorder(embedded)];
    await Promise.all([theirs, ours].map((recorder) => scenario.run(recorder)));
    t.equal(ours.exchanges.length, theirs.exchanges.length, 'as many answers');
    for (const [i, exchange] of theirs.exchanges.entries())
      t.strictSame(ours.exchanges[i], exchange, `${exchange.what}: the embedded server answers alike`);
    if (process.env['WARREN_GOLDEN'] === 'write') writeGolden(scenario.name, theirs.exchanges);
    t.strictSame(readGolden(scenario.name), theirs.exchanges, 'the record for the unit tier is what a server answers');
  });
}
