/** What a cluster has before its first pod: namespaces, our kinds, policies and pools, and a Node for each node. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SYSTEM_NAMESPACE } from '../api/meta.ts';
import { prefixAddress } from '../net/address.ts';
import { type ApiClient, isStatus } from './api-client.ts';
import { apiTime } from './api-time.ts';
import type { Lab } from './lab.ts';
import { applyManifests } from './manifest.ts';
import { findPrograms } from './programs.ts';
import type { LabNode } from './topology.ts';
import { eventually } from './wait.ts';

/** Creates what is missing and leaves the rest as it is. */
export async function prepareCluster(lab: Lab): Promise<void> {
  const { deploy } = findPrograms();
  for (const name of ['default', SYSTEM_NAMESPACE])
    await createOnce(lab.api, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const part of ['crds', 'policies'])
    for (const file of (await readdir(join(deploy, part))).toSorted()) await applyFile(lab, join(deploy, part, file));
  // A definition is served a moment after it was accepted.
  await eventually(() => applyFile(lab, join(deploy, 'pools.yaml')), 10_000);
  for (const node of lab.nodes) await registerNode(lab.api, node);
}

async function applyFile(lab: Lab, file: string): Promise<void> {
  await applyManifests(lab.api, await readFile(file, 'utf8'), file);
}

async function createOnce(api: ApiClient, path: string, body: unknown): Promise<void> {
  await api.request(path, { method: 'POST', body }).catch((error: unknown) => {
    if (!isStatus(error, 409)) throw error;
  });
}

/** As kubelet does: the object, then the addresses in its status. */
async function registerNode(api: ApiClient, { name, addresses }: LabNode): Promise<void> {
  const metadata = { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } };
  await createOnce(api, '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata });
  const now = apiTime(new Date());
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  const status = {
    addresses: [
      ...addresses.map((address) => ({ type: 'InternalIP', address: prefixAddress(address) })),
      { type: 'Hostname', address: name },
    ],
    conditions: [
      { type: 'Ready', status: 'True', reason: 'LabNode', message: 'a namespace of warrenctl lab', ...times },
    ],
  };
  await api.request(`/api/v1/nodes/${name}/status`, {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { status },
  });
}
