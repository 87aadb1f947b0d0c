/** Everything that the contract asks of an API server. */
import { accessScenarios } from './access-scenarios.ts';
import { coreScenarios } from './core-scenarios.ts';
import { ruleScenarios } from './rule-scenarios.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { versionScenarios } from './version-scenarios.ts';

export const allScenarios: readonly Scenario[] = [
  ...scenarios,
  ...coreScenarios,
  ...ruleScenarios,
  ...accessScenarios,
  ...versionScenarios,
];
