/** The workloads of the cluster, read and changed through the API server. */
import { ANNOTATION_NETWORKS } from '../../lib/api/pod-networks.ts';
import { networksIn } from '../../lib/ctl/annotation-edit.ts';
import { templateAnnotation, type Workload, type WorkloadKind, workloadKinds } from '../../lib/ctl/workload.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { ApiError } from '../../lib/kube/error.ts';

/** The networks that a pod template asks for, of everything that makes pods. A kind that the server does not have makes none. */
export async function networksAskedFor(client: KubeClient): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(workloadKinds.map((kind) => listKind(client, kind)));
  return new Set(lists.flat().flatMap(networksIn));
}

async function listKind(client: KubeClient, kind: WorkloadKind): Promise<readonly (string | undefined)[]> {
  try {
    const { items } = await client.list(kind.resource);
    return items.map((workload: Workload) => templateAnnotation(workload, kind, ANNOTATION_NETWORKS));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}
