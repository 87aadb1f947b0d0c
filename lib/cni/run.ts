/** One call of the plugin: what can be answered here is answered here, the rest is the agent's. */
import {
  CNI_CODE,
  CNI_VERSION_NEWEST,
  CNI_VERSIONS,
  type CniCode,
  type CniCommand,
  CniError,
  formatError,
  formatVersions,
} from '../api/cni.ts';
import { parsePluginConf, type PluginConf } from '../api/cni-config.ts';
import type { CniCall, Env } from '../api/cni-env.ts';
import { parseCniInput } from '../api/cni-input.ts';
import {
  AGENT_SOCKET,
  cniEnv,
  encodeRequest,
  type PluginReply,
  QUEUE_DIR,
  queueFileName,
  WireError,
} from '../api/plugin-wire.ts';
import { AgentUnreachable, callAgent } from './agent-call.ts';
import { enqueue } from './queue.ts';
import { codeOf, type SystemCalls } from './system-calls.ts';

export interface Outcome {
  readonly exitCode: number;
  /** One JSON document, or nothing. */
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

const ABOUT = `warren: the CNI plugin of Warren, overlay networks for Kubernetes. The container runtime runs it.
CNI versions: ${CNI_VERSIONS.join(', ')}
`;

/** How long the agent may take. A runtime gives a pod two minutes; it asks for STATUS every five seconds. */
const TIMEOUT_MS: Readonly<Record<CniCommand, number>> = {
  ADD: 60_000,
  DEL: 30_000,
  CHECK: 30_000,
  GC: 60_000,
  STATUS: 5_000,
  VERSION: 0,
};

/** `readStdin` is not called where the specification wants no input. Never throws. */
export function run(env: Env, readStdin: () => Uint8Array, calls: SystemCalls): Outcome {
  if ((env['CNI_COMMAND'] ?? '') === '') return { exitCode: 0, stdout: new Uint8Array(), stderr: ABOUT };
  let echo: string = CNI_VERSION_NEWEST;
  try {
    const stdin = readStdin();
    const input = parseCniInput(env, stdin, parsePluginConf);
    echo = input.echo;
    if (!input.parsed.ok) return failure(input.parsed.error, echo);
    const { call, conf } = input.parsed.value;
    if (conf === undefined) return success(new TextEncoder().encode(formatVersions(echo)));
    return forward(call, conf, encodeRequest({ env: cniEnv(env), stdin }), calls);
  } catch (error) {
    return failure(asCniError(error), echo);
  }
}

function forward(call: CniCall, conf: PluginConf, request: Uint8Array, calls: SystemCalls): Outcome {
  const socket = conf.agentSocket ?? AGENT_SOCKET;
  try {
    return fromReply(callAgent(calls, socket, request, TIMEOUT_MS[call.command]));
  } catch (error) {
    if (!(error instanceof AgentUnreachable)) throw error;
    if (call.command !== 'DEL') throw agentDown(call.command, socket, error.message);
    queueDel(conf.queueDir ?? QUEUE_DIR, queueFileName(call.containerID, call.ifname), request);
    return success(new Uint8Array());
  }
}

/** The next start of the agent, or its next look into the directory, carries it out. */
function queueDel(dir: string, name: string, request: Uint8Array): void {
  try {
    enqueue(dir, name, request);
  } catch (error) {
    const reason = codeOf(error) ?? String(error);
    const message = `the agent is down and the DEL cannot be queued in ${dir} (${reason}): make the directory writable`;
    throw new CniError(CNI_CODE.io, message);
  }
}

function agentDown(command: CniCommand, socket: string, reason: string): CniError {
  const code: CniCode = command === 'STATUS' ? CNI_CODE.notAvailable : CNI_CODE.tryAgainLater;
  const next = 'see the warren-agent pod of this node: kubectl -n warren-system get pods -o wide';
  return new CniError(code, `no answer from the warren agent on ${socket}: ${reason}; ${next}`);
}

const fromReply = ({ exitCode, stdout }: PluginReply): Outcome => ({ exitCode, stdout, stderr: '' });
const success = (stdout: Uint8Array): Outcome => ({ exitCode: 0, stdout, stderr: '' });

const failure = (error: CniError, cniVersion: string): Outcome => ({
  exitCode: 1,
  stdout: new TextEncoder().encode(formatError(error, cniVersion)),
  stderr: '',
});

function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof WireError) return new CniError(CNI_CODE.invalidEnvironment, error.message);
  const reason = error instanceof Error ? error.message : String(error);
  return new CniError(CNI_CODE.internal, `the warren plugin failed: ${reason}; this is a bug, please report it`);
}
