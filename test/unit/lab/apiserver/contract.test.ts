// The embedded API server answers as a real kube-apiserver did (test/api/contract.test.ts records it): codes, bodies, messages, owners of fields, events.
import t from 'tap';
import { allScenarios } from './contract/all-scenarios.ts';
import { readGolden } from './contract/golden.ts';
import { Recorder } from './contract/recorder.ts';
import { start, TOKEN } from './start.ts';

// Each has a server of its own; most of the time is spent in waiting for watches to end.
t.jobs = 8;

for (const scenario of allScenarios) {
  t.test(scenario.name, { buffered: true }, async (t) => {
    const { url } = await start(t);
    const recorder = new Recorder({ url, token: TOKEN });
    await scenario.run(recorder);
    const golden = readGolden(scenario.name);
    t.equal(recorder.exchanges.length, golden.length, 'as many answers');
    for (const [i, exchange] of recorder.exchanges.entries()) t.strictSame(exchange, golden[i], exchange.what);
  });
}
