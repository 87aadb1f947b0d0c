/** Finds the API server and the credentials: a kubeconfig file, or the service account of the pod that we run in. */
import { isIP } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { errorMessage } from '../telemetry/log.ts';

export interface ConfigSource {
  /** A file to use instead of what kubectl would find: $KUBECONFIG, ~/.kube/config, the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** A context of that file instead of its current one. */
  readonly context?: string | undefined;
}

/** Throws an Error that says which file, context or cluster is wrong, and how to name another. */
export function loadKubeConfig(source: ConfigSource = {}): KubeConfig {
  const config = new KubeConfig();
  const from = source.kubeconfig ?? 'the default kubeconfig';
  try {
    if (source.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(source.kubeconfig);
  } catch (error) {
    const [reason] = errorMessage(error).split('\n', 1);
    throw new Error(`cannot read ${from}: ${reason}; name another file with --kubeconfig`, { cause: error });
  }
  if (source.context !== undefined) config.setCurrentContext(source.context);
  allowClearLoopback(config);
  checkCluster(config, from);
  return config;
}

/** The current cluster's address. */
export function serverOf(config: KubeConfig): URL {
  return new URL(config.getCurrentCluster()?.server ?? '');
}

function checkCluster(config: KubeConfig, from: string): void {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    // Undefined when the file names none, whatever the declared type says.
    const current = (config.getCurrentContext() as string | undefined) ?? '';
    const names = config.getContexts().map((context) => context.name);
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new Error(`${from} has no cluster for the context "${current}": name another context; ${known}`);
  }
  const protocol = URL.canParse(cluster.server) ? new URL(cluster.server).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new Error(`${from}: "${cluster.server}" is not a server address: write one such as https://10.0.0.1:6443`);
  }
  if (protocol === 'http:' && !cluster.skipTLSVerify) {
    throw new Error(
      `${from}: ${cluster.server} would get credentials in the clear: use https, or set insecure-skip-tls-verify`,
    );
  }
}

/** client-node refuses clear text unless TLS verification is off. Over loopback there is nothing to verify: allow it. */
function allowClearLoopback(config: KubeConfig): void {
  const cluster = config.getCurrentCluster();
  if (!cluster || cluster.skipTLSVerify || !isClearLoopback(cluster.server)) return;
  config.clusters = config.clusters.map((each) => (each === cluster ? { ...each, skipTLSVerify: true } : each));
}

function isClearLoopback(server: string): boolean {
  if (!URL.canParse(server)) return false;
  const url = new URL(server);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return url.protocol === 'http:' && isLoopback;
}
