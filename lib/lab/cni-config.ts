/** A CNI configuration list as a runtime reads it, and what it hands to each plugin of it (CNI 1.1.0 section 1 and 3). Pure. */
import * as z from 'zod';
import { parseWith } from '../api/field.ts';
import { err, ok, type Result } from '../net/result.ts';

const pluginSchema = z.looseObject({
  type: z.string().min(1),
  capabilities: z.record(z.string(), z.boolean()).optional(),
});
export type PluginConfig = z.infer<typeof pluginSchema>;

const confListSchema = z.object({
  cniVersion: z.string().default('0.1.0'),
  cniVersions: z.array(z.string()).default([]),
  name: z.string().min(1),
  plugins: z.array(pluginSchema).min(1),
});
export type ConfList = z.infer<typeof confListSchema>;

/** What this runtime speaks. */
const RUNTIME_VERSION = '1.1.0';

/** The list with the version that is spoken: the highest of `cniVersions` that we know, else `cniVersion`. */
export function parseConfList(text: string): Result<ConfList> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseWith(confListSchema, value);
  if (!parsed.ok) return parsed;
  const known = [...parsed.value.cniVersions, parsed.value.cniVersion].filter(
    (v) => compareVersions(v, RUNTIME_VERSION) <= 0,
  );
  const cniVersion = known.toSorted(compareVersions).at(-1);
  return cniVersion === undefined
    ? err(`this runtime speaks CNI up to ${RUNTIME_VERSION}, the list wants ${parsed.value.cniVersion}`)
    : ok({ ...parsed.value, cniVersion });
}

/** Negative when `a` is the older one. */
export const compareVersions = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** Of a configuration folder the file that a runtime loads: the first in lexical order that ends like one. */
export const chooseConfFile = (files: readonly string[]): string | undefined =>
  files.filter((file) => /\.(conflist|conf|json)$/.test(file)).toSorted()[0];

/** A plugin's standard input: its own part with name and version, what it declared to understand, and the result so far. */
export function pluginInput(
  list: ConfList,
  plugin: PluginConfig,
  capabilityArgs: Readonly<Record<string, unknown>>,
  prevResult?: unknown,
): Record<string, unknown> {
  const { capabilities = {}, ...rest } = plugin;
  const declared = Object.entries(capabilityArgs).filter(([name]) => capabilities[name] === true);
  return {
    ...rest,
    name: list.name,
    cniVersion: list.cniVersion,
    ...(declared.length === 0 ? {} : { runtimeConfig: Object.fromEntries(declared) }),
    ...(prevResult === undefined ? {} : { prevResult }),
  };
}
