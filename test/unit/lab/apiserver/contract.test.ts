// The embedded API server answers as a real kube-apiserver did (contract/record.ts): codes, bodies, messages, owners of fields, events.
import t from 'tap';
import { coreScenarios } from './contract/core-scenarios.ts';
import { readGolden } from './contract/golden.ts';
import { Recorder } from './contract/recorder.ts';
import { ruleScenarios } from './contract/rule-scenarios.ts';
import { scenarios } from './contract/scenarios.ts';
import { start, TOKEN } from './start.ts';

// Each has a server of its own; most of the time is spent in waiting for watches to end.
t.jobs = 8;

for (const scenario of [...scenarios, ...coreScenarios, ...ruleScenarios]) {
  t.test(scenario.name, { buffered: true }, async (t) => {
    const { url } = await start(t);
    const recorder = new Recorder({ url, token: TOKEN });
    await scenario.run(recorder);
    const golden = readGolden(scenario.name);
    t.equal(recorder.exchanges.length, golden.length, 'as many answers');
    for (const [i, exchange] of recorder.exchanges.entries()) t.strictSame(exchange, golden[i], exchange.what);
  });
}
