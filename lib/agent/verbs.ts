/** One plugin request from bytes to bytes: parse, lock the container, carry out, answer. Never throws. */
import { CNI_CODE, CniError, formatError, formatVersions } from '../api/cni.ts';
import type { CniCall } from '../api/cni-env.ts';
import { type CniRequest, parseCniInput } from '../api/cni-input.ts';
import { type NetConf, parseNetConf } from '../api/cni-netconf.ts';
import { EMPTY_RESULT, formatResult, mergeResult } from '../api/cni-result.ts';
import type { PluginReply, PluginRequest } from '../api/plugin-wire.ts';
import type { KubeClient } from '../kube/client.ts';
import { attachmentKey } from '../store/attachment.ts';
import { attach } from './attach.ts';
import { check } from './check.ts';
import { collect } from './collect.ts';
import { asCniError } from './failure.ts';
import { checkSandbox } from './sandbox.ts';
import type { Parts } from './parts.ts';
import { forgetQueuedDel } from './queued-dels.ts';
import { release } from './release.ts';
import type { AddCall } from './wanted.ts';

export interface VerbOptions {
  readonly parts: Parts;
  readonly client: KubeClient;
  readonly onDone?: (verb: string, seconds: number, error: CniError | undefined) => void;
}

export function createVerbs({ parts, client, onDone }: VerbOptions): (request: PluginRequest) => Promise<PluginReply> {
  const { containers } = parts;

  async function run(request: CniRequest<NetConf>, echo: string): Promise<string> {
    const { call, conf } = request;
    if (conf === undefined) return formatVersions(echo);
    switch (call.command) {
      case 'ADD':
        return containers.run(call.containerID, () => add(parts, call, conf));
      case 'CHECK':
        await containers.run(call.containerID, () => check(parts, client, call));
        return '';
      case 'DEL':
        await containers.run(call.containerID, () => detach(parts, call));
        return '';
      case 'GC':
        await collect(parts, conf);
        return '';
      case 'STATUS':
        checkStatus(parts);
        return '';
    }
  }

  return async ({ env, stdin }) => {
    const started = performance.now();
    const { echo, parsed } = parseCniInput(env, stdin, parseNetConf);
    let failure: CniError | undefined;
    let text = '';
    try {
      if (!parsed.ok) throw parsed.error;
      text = await run(parsed.value, echo);
    } catch (error) {
      failure = asCniError(error);
      text = formatError(failure, echo);
    }
    onDone?.(env['CNI_COMMAND'] ?? '', (performance.now() - started) / 1000, failure);
    return { exitCode: failure === undefined ? 0 : 1, stdout: Buffer.from(text) };
  };
}

async function add(parts: Parts, call: AddCall, conf: NetConf): Promise<string> {
  checkSandbox(parts.kernel, call.netns as `/${string}`);
  await forgetQueuedDel(parts.config.queueDir, call);
  const result = await attach(parts, call, conf);
  return formatResult(mergeResult(conf.prevResult ?? EMPTY_RESULT, result), conf.cniVersion);
}

async function detach(parts: Parts, call: Extract<CniCall, { command: 'DEL' }>): Promise<void> {
  const attachment = parts.journal.get(attachmentKey(call.containerID, call.ifname));
  if (attachment !== undefined) await release(parts, attachment);
}

/** Succeeds if and only if an ADD would be served. */
function checkStatus(parts: Parts): void {
  const view = parts.view();
  if (view === undefined || view.node.gatewaySubnets.length === 0 || !parts.cluster.isReady()) {
    const message = 'the agent of this node is not ready: it waits for the API server and the controller; see its log';
    throw new CniError(CNI_CODE.notAvailable, message);
  }
  if (parts.gatewayAddresses.hasFree(view.node.gatewaySubnets)) return;
  const message = `no address is left in ${view.node.gatewaySubnets.join(', ')}: remove pods from this node`;
  throw new CniError(CNI_CODE.notAvailable, message);
}
