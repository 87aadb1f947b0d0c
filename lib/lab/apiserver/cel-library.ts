/**
 * The CEL environment of CRD rules and admission policies: what cel-js has, and the lists, sets, regex and string functions that Kubernetes adds
 * (k8s.io/apiserver/pkg/cel/library). Missing: quantity, url, format (of texts, and the library of that name), semver and macros
 * with two variables; rules that use them are refused.
 */
import { Environment } from '@marcbachmann/cel-js';
import { registerNetwork } from './cel-network.ts';

type Value = bigint | number | string | boolean | null | object;

/** Stands for the `sets` in `sets.contains(...)`. */
class SetsNamespace {
  readonly name = 'sets';
}

/** `variables` may have any type. */
export function celEnvironment(...variables: readonly string[]): Environment {
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  registerNetwork(environment);
  registerLists(environment);
  registerSets(environment);
  registerTexts(environment);
  registerTimes(environment);
  return environment;
}

const same = (a: Value, b: Value): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));
const atLeast = (a: Value, b: Value): boolean => (a as bigint) >= (b as bigint);

function extreme(list: Value[], better: (a: Value, b: Value) => boolean, name: string): Value {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, item) => (better(item, best) ? item : best), first);
}

const sum = (list: Value[]): Value =>
  list.reduce((total, item) => (total as bigint) + (item as bigint), typeof list[0] === 'number' ? 0 : 0n);

function registerLists(environment: Environment): void {
  environment
    .registerFunction('list.isSorted(): bool', (list: Value[]) =>
      list.every((item, i) => i === 0 || atLeast(item, list[i - 1] ?? item)),
    )
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: Value[]) => extreme(list, (a, b) => !atLeast(a, b), 'min'))
    .registerFunction('list.max(): dyn', (list: Value[]) => extreme(list, (a, b) => !atLeast(b, a), 'max'))
    .registerFunction('list.indexOf(dyn): int', (list: Value[], item: Value) =>
      BigInt(list.findIndex((other) => same(other, item))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: Value[], item: Value) =>
      BigInt(list.findLastIndex((other) => same(other, item))),
    );
}

function registerSets(environment: Environment): void {
  const has = (list: Value[], item: Value): boolean => list.some((other) => same(other, item));
  const contains = (list: Value[], part: Value[]): boolean => part.every((item) => has(list, item));
  environment
    .registerType('SetsNamespace', { ctor: SetsNamespace, fields: {} })
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction('SetsNamespace.contains(list, list): bool', (_: SetsNamespace, a: Value[], b: Value[]) =>
      contains(a, b),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list, list): bool',
      (_: SetsNamespace, a: Value[], b: Value[]) => contains(a, b) && contains(b, a),
    )
    .registerFunction('SetsNamespace.intersects(list, list): bool', (_: SetsNamespace, a: Value[], b: Value[]) =>
      a.some((item) => has(b, item)),
    );
}

function replaceSome(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, to);
  let left = limit;
  return text.replaceAll(from, (match) => (left-- > 0n ? to : match));
}

function registerTexts(environment: Environment): void {
  environment
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction('string.replace(string, string, int): string', replaceSome)
    .registerFunction(
      'string.charAt(int): string',
      (text: string, index: bigint) => Array.from(text)[Number(index)] ?? '',
    )
    .registerFunction('string.reverse(): string', (text: string) => Array.from(text).reverse().join(''))
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? '',
    )
    .registerFunction(
      'string.findAll(string): list<string>',
      (text: string, pattern: string) => text.match(new RegExp(pattern, 'gu')) ?? [],
    )
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) => {
      const found = text.match(new RegExp(pattern, 'gu')) ?? [];
      return limit < 0n ? found : found.slice(0, Number(limit));
    });
}

/** As cel-js has a duration. */
interface Duration {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Conversions that cel-js lacks. */
function registerTimes(environment: Environment): void {
  environment
    .registerFunction('string(google.protobuf.Duration): string', (duration: Duration) => {
      const fraction = duration.nanos / 1e9;
      return `${(Number(duration.seconds) + fraction).toString()}s`;
    })
    .registerFunction('string(google.protobuf.Timestamp): string', (time: Date) =>
      time.toISOString().replace(/\.?0*Z$/, 'Z'),
    );
}
