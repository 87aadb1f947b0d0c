/** The network configuration with everything that the agent needs to carry out a call. */
import { type Mac, parseMac } from '../net/mac.ts';
import type { CniCommand } from './cni.ts';
import { asConfigError, parsePluginConf, type PluginConf } from './cni-config.ts';
import { type CniResult, parseResult } from './cni-result.ts';
import * as json from './json-shape.ts';
import { parseRequestedIps, type RequestedIp } from './requested-ip.ts';

/** What the runtime hands through for the capabilities that our conflist declares. */
export interface RuntimeConfig {
  readonly ips: readonly RequestedIp[];
  readonly mac?: Mac;
  /** Names under which the container is found on the network. */
  readonly aliases: readonly string[];
}

/** DEL, GC and STATUS do without `runtimeConfig` and `prevResult`, so that broken ones cannot keep a pod alive. */
export interface NetConf extends PluginConf {
  readonly runtimeConfig: RuntimeConfig;
  readonly prevResult?: CniResult;
}

const NO_RUNTIME_CONFIG: RuntimeConfig = { ips: [], aliases: [] };

/** Throws CniError 1, 2 or 7; the message names the key. */
export function parseNetConf(config: json.JsonObject, command: CniCommand): NetConf {
  const base = parsePluginConf(config, command);
  if (command !== 'ADD' && command !== 'CHECK') return { ...base, runtimeConfig: NO_RUNTIME_CONFIG };
  const runtimeConfig = asConfigError(() => readRuntimeConfig(json.field(config, 'runtimeConfig')));
  const prevResult = json.field(config, 'prevResult');
  return { ...base, runtimeConfig, ...(json.isAbsent(prevResult) ? {} : { prevResult: parseResult(prevResult) }) };
}

function readRuntimeConfig(value: unknown): RuntimeConfig {
  const config = json.readOptional(value, 'runtimeConfig', json.readObject) ?? {};
  const ips = parseRequestedIps(json.readStrings(json.field(config, 'ips'), 'runtimeConfig.ips'));
  const mac = json.readOptional(json.field(config, 'mac'), 'runtimeConfig.mac', readMac);
  return {
    ips: ips.ok ? ips.value : json.refuse('runtimeConfig.ips', ips.error),
    aliases: json.readStrings(json.field(config, 'aliases'), 'runtimeConfig.aliases'),
    ...(mac === undefined ? {} : { mac }),
  };
}

function readMac(value: unknown, path: string): Mac {
  const mac = parseMac(json.readString(value, path));
  return mac.ok ? mac.value : json.refuse(path, mac.error);
}
