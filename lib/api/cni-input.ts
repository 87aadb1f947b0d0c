/** A whole CNI call, environment and stdin together: the plugin and the agent read it by the same rules. */
import { err, ok, type Result } from '../net/result.ts';
import { CNI_VERSION_NEWEST, type CniCommand, CniError } from './cni.ts';
import { decodeConfig, echoedVersion } from './cni-config.ts';
import { type CniCall, type Env, parseEnv } from './cni-env.ts';
import type { JsonObject } from './json-shape.ts';

/** parsePluginConf or parseNetConf: throws CniError. */
export type ParseConf<Conf> = (config: JsonObject, command: CniCommand) => Conf;

export interface CniInput<Conf> {
  /** The cniVersion of whatever answer this call gets: the input's own, even one that we do not know. */
  readonly echo: string;
  readonly parsed: Result<CniRequest<Conf>, CniError>;
}

/** VERSION needs no configuration. */
export type CniRequest<Conf> =
  | { readonly call: Extract<CniCall, { command: 'VERSION' }>; readonly conf?: never }
  | { readonly call: Exclude<CniCall, { command: 'VERSION' }>; readonly conf: Conf };

/** The environment's errors come first: a call without one may well come without a configuration. Never throws. */
export function parseCniInput<Conf>(env: Env, stdin: Uint8Array, parseConf: ParseConf<Conf>): CniInput<Conf> {
  const config = attempt(() => decodeConfig(stdin));
  const echo = (config.ok ? echoedVersion(config.value) : undefined) ?? CNI_VERSION_NEWEST;
  const parsed = attempt<CniRequest<Conf>>(() => {
    const call = parseEnv(env);
    if (call.command === 'VERSION' && (config.ok || stdin.length === 0)) return { call };
    if (!config.ok) throw config.error;
    if (call.command === 'VERSION') return { call };
    return { call, conf: parseConf(config.value, call.command) };
  });
  return { echo, parsed };
}

function attempt<T>(parse: () => T): Result<T, CniError> {
  try {
    return ok(parse());
  } catch (error) {
    if (error instanceof CniError) return err(error);
    throw error;
  }
}
