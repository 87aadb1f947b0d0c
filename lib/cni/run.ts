/** One call of the plugin: what can be answered here is answered here, the rest is the agent's. */
import {
  CNI_CODE,
  CNI_COMMANDS,
  CNI_VERSION_NEWEST,
  CNI_VERSIONS,
  type CniCode,
  type CniCommand,
  CniError,
  formatError,
  formatVersions,
} from '../api/cni.ts';
import { decodeConfig, parsePluginConf } from '../api/cni-config.ts';
import type { Env } from '../api/cni-env.ts';
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

/**
 * The agent reads what it is sent by the same rules as we, so it is asked first, and the input looked at here only when nobody
 * answers: that takes half a millisecond off every ADD. `readStdin` is not called where the specification wants no input. Never throws.
 */
export function run(env: Env, readStdin: () => Uint8Array, calls: SystemCalls): Outcome {
  if ((env['CNI_COMMAND'] ?? '') === '') return { exitCode: 0, stdout: new Uint8Array(), stderr: ABOUT };
  let echo: string = CNI_VERSION_NEWEST;
  try {
    const stdin = readStdin();
    const answer = ask(env, stdin, calls);
    if (typeof answer !== 'string') return fromReply(answer);
    const input = parseCniInput(env, stdin, parsePluginConf);
    echo = input.echo;
    if (!input.parsed.ok) return failure(input.parsed.error, echo);
    const { call, conf } = input.parsed.value;
    if (conf === undefined) return success(new TextEncoder().encode(formatVersions(echo)));
    if (call.command !== 'DEL') throw agentDown(call.command, conf.agentSocket ?? AGENT_SOCKET, answer);
    const name = queueFileName(call.containerID, call.ifname);
    queueDel(conf.queueDir ?? QUEUE_DIR, name, encodeRequest({ env: cniEnv(env), stdin }));
    return success(new Uint8Array());
  } catch (error) {
    return failure(asCniError(error), echo);
  }
}

/** Why there is no answer, if there is none. */
function ask(env: Env, stdin: Uint8Array, calls: SystemCalls): PluginReply | string {
  const command = CNI_COMMANDS.find((one) => one === env['CNI_COMMAND']);
  const socket = socketIn(stdin);
  if (command === undefined || command === 'VERSION' || socket === undefined) return 'it was not asked';
  try {
    return callAgent(calls, socket, encodeRequest({ env: cniEnv(env), stdin }), TIMEOUT_MS[command]);
  } catch (error) {
    if (error instanceof AgentUnreachable) return error.message;
    throw error;
  }
}

/** The agent's socket; undefined when the configuration is so wrong that it does not even tell. */
function socketIn(stdin: Uint8Array): string | undefined {
  try {
    const { agentSocket = AGENT_SOCKET } = decodeConfig(stdin);
    return typeof agentSocket === 'string' && agentSocket.startsWith('/') ? agentSocket : undefined;
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
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
