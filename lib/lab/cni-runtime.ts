/** Calls CNI plugins as libcni does: environment, standard input, the chain of results, the cache. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readCached, removeCached, writeCached } from './cni-cache.ts';
import {
  chooseConfFile,
  compareVersions,
  type ConfList,
  parseConfList,
  type PluginConfig,
  pluginInput,
} from './cni-config.ts';
import { runCommand } from './command.ts';
import { parseJson } from './json-text.ts';
import { LabError } from './lab-error.ts';

/** A node as the runtime on it sees it. */
export interface CniHost {
  /** The argument list that runs a program on the node. */
  run(argv: readonly string[]): readonly string[];
  /** Where /etc/cni/net.d and /var/lib/cni of the node lie for us. */
  readonly confDir: string;
  readonly cacheDir: string;
  /** /opt/cni/bin, as the node sees it. */
  readonly binDir: string;
}

export interface Attachment {
  readonly containerId: string;
  /** The path as the node sees it; empty when the namespace is gone. */
  readonly netns: string;
  readonly ifName: string;
  readonly args: readonly (readonly [string, string])[];
  readonly capabilityArgs: Readonly<Record<string, unknown>>;
}

type Verb = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC';

/** What a plugin answered instead of a result (CNI 1.1.0 section 5, "Error"). */
export class PluginError extends Error {
  /** undefined when the plugin died without an answer. */
  readonly code: number | undefined;

  constructor(verb: Verb, plugin: string, code: number | undefined, message: string) {
    super(`CNI ${verb} by ${plugin}: ${code === undefined ? '' : `code ${code}: `}${message}`);
    this.name = 'PluginError';
    this.code = code;
  }
}

const errorSchema = z.object({ code: z.number(), msg: z.string(), details: z.string().default('') });
const resultSchema = z.looseObject({
  interfaces: z
    .array(z.looseObject({ name: z.string(), mac: z.string().optional(), sandbox: z.string().optional() }))
    .default([]),
  ips: z.array(z.looseObject({ address: z.string(), gateway: z.string().optional() })).default([]),
});
export type CniResult = z.infer<typeof resultSchema>;

export interface LoadedConf {
  readonly list: ConfList;
  readonly text: string;
}

/** The list that the node's runtime would use now. */
export async function loadConfList(host: CniHost): Promise<LoadedConf> {
  const file = chooseConfFile(await readdir(host.confDir).catch(() => []));
  if (file === undefined)
    throw new LabError('the node has no CNI configuration: its agent is not ready', 'see: warrenctl lab status');
  const text = await readFile(join(host.confDir, file), 'utf8');
  const parsed = parseConfList(text);
  if (parsed.ok) return { list: parsed.value, text };
  throw new LabError(`${file}: ${parsed.error}`, "correct the node's /etc/cni/net.d");
}

/** The result of the last plugin. A failure leaves what the plugins before it made: call `cniDel`. */
export async function cniAdd(host: CniHost, conf: LoadedConf, attachment: Attachment): Promise<CniResult> {
  let result: unknown;
  for (const plugin of conf.list.plugins)
    result = await call(host, 'ADD', conf.list, plugin, { attachment, prevResult: result });
  await writeCached(host.cacheDir, {
    kind: 'cniCacheV1',
    containerId: attachment.containerId,
    config: Buffer.from(conf.text).toString('base64'),
    ifName: attachment.ifName,
    networkName: conf.list.name,
    cniArgs: attachment.args.map(([name, value]) => [name, value]),
    capabilityArgs: { ...attachment.capabilityArgs },
    result,
  });
  return resultSchema.parse(result);
}

/** In reverse order; with the result of the ADD where the cache has it. */
export async function cniDel(host: CniHost, conf: LoadedConf, attachment: Attachment): Promise<void> {
  const key = { networkName: conf.list.name, containerId: attachment.containerId, ifName: attachment.ifName };
  const cached = await readCached(host.cacheDir, key);
  for (const plugin of conf.list.plugins.toReversed())
    await call(host, 'DEL', conf.list, plugin, { attachment, prevResult: cached?.result });
  await removeCached(host.cacheDir, key);
}

/** Throws PluginError when something that the ADD made is missing. */
export async function cniCheck(host: CniHost, conf: LoadedConf, attachment: Attachment): Promise<void> {
  const key = { networkName: conf.list.name, containerId: attachment.containerId, ifName: attachment.ifName };
  const cached = await readCached(host.cacheDir, key);
  for (const plugin of conf.list.plugins)
    await call(host, 'CHECK', conf.list, plugin, { attachment, prevResult: cached?.result });
}

/** Throws PluginError while an ADD would not be served. Lists before 1.1.0 know no STATUS: as libcni, none is asked then. */
export async function cniStatus(host: CniHost, conf: LoadedConf): Promise<void> {
  if (compareVersions(conf.list.cniVersion, '1.1.0') < 0) return;
  for (const plugin of conf.list.plugins) await call(host, 'STATUS', conf.list, plugin, {});
}

interface CallOptions {
  readonly attachment?: Attachment;
  readonly prevResult?: unknown;
}

async function call(
  host: CniHost,
  verb: Verb,
  list: ConfList,
  plugin: PluginConfig,
  options: CallOptions,
): Promise<unknown> {
  const { attachment, prevResult } = options;
  const done = await runCommand(host.run([join(host.binDir, plugin.type)]), {
    env: { PATH: process.env['PATH'], CNI_COMMAND: verb, CNI_PATH: host.binDir, ...environment(attachment) },
    input: JSON.stringify(pluginInput(list, plugin, attachment?.capabilityArgs ?? {}, prevResult)),
  });
  const answer = parseJson(done.stdout);
  if (done.status === 0) return answer;
  const parsed = errorSchema.safeParse(answer);
  if (!parsed.success)
    throw new PluginError(verb, plugin.type, undefined, `exit status ${done.status}: ${done.stderr.trim()}`);
  const { code, msg, details } = parsed.data;
  throw new PluginError(verb, plugin.type, code, details === '' ? msg : `${msg}: ${details}`);
}

const environment = (attachment: Attachment | undefined): NodeJS.ProcessEnv =>
  attachment === undefined
    ? {}
    : {
        CNI_CONTAINERID: attachment.containerId,
        CNI_NETNS: attachment.netns,
        CNI_IFNAME: attachment.ifName,
        CNI_ARGS: attachment.args.map(([name, value]) => `${name}=${value}`).join(';'),
      };
