/** The cluster that the flags mean, found as kubectl finds it. */
import type { Argv } from 'yargs';
import type { KubeClient } from '../../lib/kube/client.ts';
import { loadKubeConfig, serverOf } from '../../lib/kube/config.ts';
import { createKubeClient } from '../../lib/kube/http-client.ts';
import { CtlError } from '../../lib/ctl/ctl-error.ts';
import { errorMessage } from '../../lib/telemetry/log.ts';
import { explain } from './api-failure.ts';

export interface ClusterFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export const clusterFlags = <T>(argv: Argv<T>) =>
  argv
    .option('kubeconfig', {
      type: 'string',
      requiresArg: true,
      describe: 'File to use instead of $KUBECONFIG and ~/.kube/config',
    })
    .option('context', {
      type: 'string',
      requiresArg: true,
      describe: 'Context of that file instead of its current one',
    });

export interface Cluster {
  readonly client: KubeClient;
  readonly config: ReturnType<typeof loadKubeConfig>;
  /** Where its API server is, for messages. */
  readonly server: string;
  /** Of the context; for kinds that have one. */
  readonly namespace: string;
}

/** Throws CtlError for whatever the API server refuses. */
export async function withCluster<T>(flags: ClusterFlags, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = openCluster(flags);
  try {
    return await work(cluster);
  } catch (error) {
    throw explain(error, cluster.server);
  } finally {
    cluster.client.close();
  }
}

function openCluster({ kubeconfig, context }: ClusterFlags): Cluster {
  try {
    const config = loadKubeConfig({ kubeconfig, context });
    const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
    return { client: createKubeClient(config, 'warrenctl'), config, server: serverOf(config).origin, namespace };
  } catch (error) {
    throw new CtlError(errorMessage(error), 'see "kubectl config get-contexts" for what there is');
  }
}
