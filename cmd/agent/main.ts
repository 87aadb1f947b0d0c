/** warren-agent: flags, wiring, signals. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { configFromFlags } from '../../lib/agent/config.ts';
import { runAgent } from '../../lib/agent/run.ts';
import { AGENT_SOCKET } from '../../lib/api/plugin-wire.ts';
import { connect } from '../../lib/kube/http-client.ts';
import { startHealthServer } from '../../lib/telemetry/health-server.ts';
import { createLogger, errorMessage, LOG_FORMATS, LOG_LEVELS, logDestination } from '../../lib/telemetry/log.ts';
import { createMetrics } from '../../lib/telemetry/metrics.ts';

const NAME = 'warren-agent';

const parseFlags = (words: readonly string[]) =>
  yargs(words)
    .scriptName(NAME)
    .usage('$0: attaches the pods of one node to their networks')
    .options({
      'node-name': { type: 'string', demandOption: true, describe: "this node's name in the API" },
      'node-ip': { type: 'string', describe: "tunnel address; default: the Node's InternalIP" },
      kubeconfig: { type: 'string', describe: 'default: $KUBECONFIG, ~/.kube/config, or the pod that it runs in' },
      socket: { type: 'string', default: AGENT_SOCKET, describe: 'where the CNI plugin asks' },
      'state-dir': { type: 'string', default: '/var/lib/warren', describe: 'journal; must outlive the agent' },
      'netns-dir': { type: 'string', default: '/run/netns', describe: 'where the networks get their namespaces' },
      plugin: { type: 'string', describe: 'the CNI plugin, to be installed on the node' },
      'cni-bin-dir': { type: 'string', default: '/opt/cni/bin', describe: 'where the runtime looks for plugins' },
      'cni-conf-dir': { type: 'string', default: '/etc/cni/net.d', describe: 'and for configurations' },
      icc: { type: 'boolean', default: true, describe: 'pods reach each other over eth0' },
      'health-address': { type: 'string', default: '127.0.0.1:9651', describe: '/healthz, /readyz, /metrics' },
      'log-level': { choices: LOG_LEVELS, default: 'info', describe: 'what to log' },
      'log-format': { choices: LOG_FORMATS, default: 'auto', describe: 'pretty is for people' },
    } as const)
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .strict()
    .version(false)
    .wrap(100)
    .fail((message, error, parser) => {
      throw new Error(`${message || errorMessage(error)}; ${NAME} --help lists the flags`, { cause: parser });
    })
    .parseAsync();

async function main(): Promise<void> {
  const flags = await parseFlags(hideBin(process.argv));
  const config = configFromFlags(flags);
  const destination = await logDestination(flags.logFormat);
  const log = createLogger({ name: NAME, level: flags.logLevel, destination });
  const client = connect({ kubeconfig: flags.kubeconfig, userAgent: NAME });
  const metrics = createMetrics();
  const labels = ['verb', 'code'] as const;
  const verbs = metrics.histogram({ name: 'cni_seconds', help: 'CNI calls by verb and error code', labels });
  const running = await runAgent({
    ...{ config, client, log },
    onVerb: (verb, seconds, error) => verbs.observe({ verb, code: String(error?.code ?? 0) }, seconds),
  });
  try {
    const probes = { health: () => ({}), readiness: () => readiness(running.notReady()) };
    const health = await startHealthServer(flags.healthAddress, probes, metrics);
    log.info({ signal: await firstSignal() }, 'stopping: the data path stays');
    await health.close();
  } finally {
    await running.stop();
    client.close();
  }
}

const readiness = (why: string | undefined): Readonly<Record<string, string>> =>
  why === undefined ? {} : { agent: why };

/** To end in good order. A second signal ends the process at once. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${NAME}: ${errorMessage(error)}\n`);
  process.exitCode = 1;
});
