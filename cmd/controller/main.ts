/** warren-controller: flags, wiring and signals of the cluster's controller. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { SYSTEM_NAMESPACE } from '../../lib/api/meta.ts';
import { startController } from '../../lib/controller/controller.ts';
import { connect } from '../../lib/kube/http-client.ts';
import { type HealthServer, type Probes, startHealthServer } from '../../lib/telemetry/health-server.ts';
import { createLogger, errorMessage, LOG_FORMATS, LOG_LEVELS, logDestination } from '../../lib/telemetry/log.ts';
import { createMetrics, type Metrics } from '../../lib/telemetry/metrics.ts';

const NAME = 'warren-controller';

const parseFlags = (argv: string[]) =>
  yargs(argv)
    .scriptName(NAME)
    .usage(
      '$0 [flags]\n\nGives Networks their subnets and VNIs, nodes their gateway subnets, and removes what nobody owns.',
    )
    .option('kubeconfig', { type: 'string', describe: 'file to use instead of what kubectl would find' })
    .option('context', { type: 'string', describe: 'context of the kubeconfig to use' })
    .option('leader-elect', { type: 'boolean', default: true, describe: 'work only while holding the Lease' })
    .option('namespace', { type: 'string', default: SYSTEM_NAMESPACE, describe: 'where the Lease is' })
    .option('health-address', { type: 'string', describe: 'serve /healthz, /readyz and /metrics on host:port' })
    .option('endpoint-grace', {
      type: 'number',
      default: 60,
      describe: 'seconds for which endpoints of a node that is gone are kept',
    })
    .option('log-level', { choices: LOG_LEVELS, default: 'info' as const, describe: 'what to log' })
    .option('log-format', { choices: LOG_FORMATS, default: 'auto' as const, describe: 'pretty is for people' })
    .check((flags) => {
      if (flags['endpoint-grace'] >= 0) return true;
      throw new Error('--endpoint-grace: write a number of seconds from 0');
    })
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .strict()
    .version(false)
    .fail((message, error, parser) => {
      throw new Error(`${message || errorMessage(error)}; ${NAME} --help lists the flags`, { cause: parser });
    })
    .parseAsync();

async function main(): Promise<void> {
  const flags = await parseFlags(hideBin(process.argv));
  const destination = await logDestination(flags.logFormat);
  const logger = createLogger({ name: NAME, level: flags.logLevel, destination });
  const client = connect({ kubeconfig: flags.kubeconfig, context: flags.context, userAgent: NAME });
  const metrics = createMetrics();
  const election = { namespace: flags.namespace, identity: `${hostname()}_${randomUUID()}` };
  const controller = startController({
    client,
    logger,
    metrics,
    endpointGraceMs: flags.endpointGrace * 1000,
    ...(flags.leaderElect ? { election } : {}),
  });
  try {
    const probes = { health: () => ({}), readiness: () => controller.problems() };
    const health = await serveHealth(flags.healthAddress, probes, metrics);
    logger.info({ health: health?.address, leaderElect: flags.leaderElect }, 'started');
    logger.info({ signal: await firstSignal() }, 'stopping');
    await health?.close();
  } finally {
    await controller.stop();
    client.close();
  }
  logger.info('stopped');
}

const serveHealth = (
  address: string | undefined,
  probes: Probes,
  metrics: Metrics,
): Promise<HealthServer | undefined> =>
  address === undefined ? Promise.resolve(undefined) : startHealthServer(address, probes, metrics);

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
