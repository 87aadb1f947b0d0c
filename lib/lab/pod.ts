/** The Pod object of a lab container, as kubelet would handle it: bound to its node, its status written, at last deleted. */
import * as z from 'zod';
import { ANNOTATION_NETWORKS } from '../api/pod-networks.ts';
import { type ApiClient, isStatus } from './api-client.ts';
import { apiTime } from './api-time.ts';
import type { ContainerRecord } from './container-record.ts';
import type { RunRequest } from './container-request.ts';

/** Holds the container's id: by it a pod is known as the lab's. */
const ANNOTATION_CONTAINER = 'warren.dev/lab-container';

const podsPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
const podPath = ({ namespace, name }: Pick<ContainerRecord, 'namespace' | 'name'>): string =>
  `${podsPath(namespace)}/${name}`;

const createdSchema = z.object({ metadata: z.object({ uid: z.string() }) });

/** Returns its uid. */
export async function createPod(api: ApiClient, record: ContainerRecord, request: RunRequest): Promise<string> {
  const pod = await api.request(podsPath(record.namespace), {
    method: 'POST',
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: record.name,
        labels: { ...request.labels },
        annotations: {
          [ANNOTATION_CONTAINER]: record.id,
          ...(request.networks === undefined ? {} : { [ANNOTATION_NETWORKS]: request.networks }),
        },
      },
      spec: {
        nodeName: record.node,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'warren.dev/lab-container' }],
      },
    },
  });
  return createdSchema.parse(pod).metadata.uid;
}

/** Running, with its addresses: the container runtime's answer, which kubelet passes on. */
export async function reportRunning(
  api: ApiClient,
  record: ContainerRecord,
  ips: readonly string[],
  now: Date,
): Promise<void> {
  const startedAt = apiTime(now);
  const status = {
    phase: 'Running',
    startTime: startedAt,
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: startedAt }],
    containerStatuses: [
      {
        name: 'main',
        ready: true,
        restartCount: 0,
        image: 'warren.dev/lab-container',
        imageID: '',
        containerID: `lab://${record.id}`,
        state: { running: { startedAt } },
      },
    ],
  };
  const contentType = 'application/merge-patch+json';
  await api.request(`${podPath(record)}/status`, { method: 'PATCH', contentType, body: { status } });
}

const foundSchema = z.object({
  metadata: z.object({ uid: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
});

/** At once, as for a container that has ended. Gone already is fine; a pod of that name which is not this container's stays. */
export async function deletePod(api: ApiClient, record: ContainerRecord): Promise<void> {
  try {
    const { metadata } = foundSchema.parse(await api.request(podPath(record)));
    if (metadata.annotations[ANNOTATION_CONTAINER] !== record.id) return;
    const preconditions = { uid: metadata.uid };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions };
    await api.request(podPath(record), { method: 'DELETE', body });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}
