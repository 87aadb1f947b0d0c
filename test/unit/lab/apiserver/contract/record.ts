/**
 * Records what a real kube-apiserver (1.36) answers, for contract.test.ts to compare with. Run against a server with the definitions of
 * fixtures/, no controller manager, and the admission plugin ServiceAccount switched off:
 *   NODE_TLS_REJECT_UNAUTHORIZED=0 node test/unit/lab/apiserver/contract/record.ts https://127.0.0.1:6443 TOKEN
 */
import { coreScenarios } from './core-scenarios.ts';
import { writeGolden } from './golden.ts';
import { Recorder } from './recorder.ts';
import { ruleScenarios } from './rule-scenarios.ts';
import { scenarios } from './scenarios.ts';

const [url, token] = process.argv.slice(2);
if (url === undefined || token === undefined) throw new Error('usage: record.ts URL TOKEN');
for (const scenario of [...scenarios, ...coreScenarios, ...ruleScenarios]) {
  const recorder = new Recorder({ url, token });
  await scenario.run(recorder);
  writeGolden(scenario.name, recorder.exchanges);
  console.log(`${scenario.name}: ${recorder.exchanges.length} answers`);
}
