/** The recorded answers of a real kube-apiserver, one file per scenario. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Exchange } from './recorder.ts';

const directory = resolve(import.meta.dirname, '../../../../golden/apiserver');
const fileOf = (scenario: string): string => join(directory, `${scenario.replaceAll(' ', '-')}.json`);

export const readGolden = (scenario: string): Exchange[] =>
  JSON.parse(readFileSync(fileOf(scenario), 'utf8')) as Exchange[];

/** One exchange a line, so that a difference is easy to find. */
export function writeGolden(scenario: string, exchanges: readonly Exchange[]): void {
  mkdirSync(directory, { recursive: true });
  const lines = exchanges.map((exchange) => JSON.stringify(exchange));
  writeFileSync(fileOf(scenario), `[\n${lines.join(',\n')}\n]\n`);
}
