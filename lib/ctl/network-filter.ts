/** `--filter` of `docker network ls` and `docker network prune`. */
import type { Network } from '../api/network.ts';
import { err, ok, type Result } from '../net/result.ts';
import { hasLabel } from './labels.ts';
import { CLUSTER_SCOPES, DRIVERS } from './network-flags.ts';

export type Filters = ReadonlyMap<string, readonly string[]>;
export type NetworkFilter = (network: Network) => boolean;

export interface FilterContext {
  /** Whether nothing is on it and nothing asks for it. */
  readonly isUnused: (network: Network) => boolean;
  readonly now: Date;
}

type FilterKey = (value: string, context: FilterContext) => Result<NetworkFilter>;

const oneOf = (key: string, value: string, known: readonly string[], test: NetworkFilter): Result<NetworkFilter> =>
  known.includes(value) ? ok(test) : err(`--filter ${key}=${value}: write ${known.join(' or ')}`);

const LS_KEYS: Readonly<Record<string, FilterKey>> = {
  // A word that is none of ours matches nothing, as `docker network ls --filter driver=bridge` finds no overlay.
  driver: (value) => ok(() => DRIVERS.includes(value)),
  scope: (value) => ok(() => CLUSTER_SCOPES.includes(value)),
  id: (value) => ok(({ metadata }) => metadata.uid.startsWith(value)),
  name: (value) => ok(({ metadata }) => matches(metadata.name, value)),
  label: (value) => ok(({ metadata }) => hasLabel(metadata.labels, value)),
  type: (value) => oneOf('type', value, ['custom', 'builtin'], () => value === 'custom'),
  dangling: (value, { isUnused }) =>
    oneOf('dangling', value, ['true', 'false', '1', '0'], (network) => isUnused(network) === /^(true|1)$/.test(value)),
};

const PRUNE_KEYS: Readonly<Record<string, FilterKey>> = {
  label: (value) => ok(({ metadata }) => hasLabel(metadata.labels, value)),
  'label!': (value) => ok(({ metadata }) => !hasLabel(metadata.labels, value)),
  until: (value, { now }) => {
    const limit = timeBefore(value, now);
    if (limit === undefined) return err(`--filter until=${value}: write a time, or a duration such as 10m or 24h`);
    return ok(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '') <= limit);
  },
};

export const lsFilter = (texts: readonly string[], context: FilterContext): Result<NetworkFilter> =>
  combine(texts, LS_KEYS, context);
export const pruneFilter = (texts: readonly string[], context: FilterContext): Result<NetworkFilter> =>
  combine(texts, PRUNE_KEYS, context);

/** Of one key any value will do, but all labels must be there; of several keys each must hold. */
function combine(texts: readonly string[], keys: typeof LS_KEYS, context: FilterContext): Result<NetworkFilter> {
  const groups = new Map<string, NetworkFilter[]>();
  for (const text of texts) {
    const match = /^([a-z]+!?)=(.*)$/.exec(text);
    const key = match?.[1] ?? '';
    const make = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (make === undefined) return err(`--filter ${text}: write KEY=VALUE; keys are ${Object.keys(keys).join(', ')}`);
    const test = make(match?.[2] ?? '', context);
    if (!test.ok) return test;
    groups.set(key, [...(groups.get(key) ?? []), test.value]);
  }
  return ok((network) =>
    [...groups].every(([key, tests]) =>
      key.startsWith('label') ? tests.every((test) => test(network)) : tests.some((test) => test(network)),
    ),
  );
}

/** Docker's: a part of the name, or a regular expression. */
function matches(name: string, pattern: string): boolean {
  if (name.includes(pattern)) return true;
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return false;
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds since the epoch: of a point in time, or of now minus a duration in Go's form (`1h30m`). */
function timeBefore(text: string, now: Date): number | undefined {
  if (/^(\d+(\.\d+)?[smh])+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smh])/g)];
    return now.getTime() - parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0);
  }
  const seconds = /^\d{9,}$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(seconds) ? undefined : seconds;
}
