/** A container's life in the lab, as kubelet and a container runtime share it: Pod, network namespace, CNI ADD; and back. */
import type { ApiClient } from './api-client.ts';
import {
  cniAdd,
  cniCheck,
  cniDel,
  type CniResult,
  type Attachment,
  loadConfList,
  type LoadedConf,
} from './cni-runtime.ts';
import { parseConfList } from './cni-config.ts';
import { endContainerProcesses, makeContainerNetns, removeContainerNetns } from './container-netns.ts';
import { claimName, type ContainerRecord, findContainer, forgetRecord, saveRecord } from './container-record.ts';
import { parseContainerName, type RunRequest } from './container-request.ts';
import { cniHost, findNode, type Lab } from './lab.ts';
import { LabError } from './lab-error.ts';
import { listEndpoints } from './lab-view.ts';
import { createPod, deletePod, reportRunning } from './pod.ts';

/** One interface as a person wants to see it. */
export interface ContainerInterface {
  readonly name: string;
  /** The Network; for eth0 `pod`. */
  readonly network: string;
  readonly addresses: readonly string[];
}

export interface Container {
  readonly record: ContainerRecord;
  readonly interfaces: readonly ContainerInterface[];
}

/** Makes and attaches a container. On failure nothing of it is left, unless the request says otherwise; throws LabError. */
export async function createContainer(lab: Lab, request: RunRequest): Promise<Container> {
  const name = parseContainerName(request.name);
  if (!name.ok) throw new LabError(name.error, 'choose another name');
  findNode(lab, request.node);
  const namespace = request.namespace ?? 'default';
  const claimed = await claimName(lab.layout, { name: name.value, node: request.node, namespace });
  try {
    return await build(lab, claimed, request);
  } catch (error) {
    const isRemoved = request.keepOnFailure !== true && (await isGone(lab, name.value));
    const next = isRemoved
      ? hintFor(error)
      : `it is still there in part; remove it with: warrenctl lab rm ${name.value}`;
    throw new LabError(`${name.value}: ${reasonOf(error)}`, next);
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const hintFor = (error: unknown): string =>
  error instanceof LabError ? error.next : 'nothing of it is left; correct the cause and run it again';

/** What kept it from being made may keep it from being removed too: that is no news. */
const isGone = (lab: Lab, name: string): Promise<boolean> =>
  removeContainer(lab, name).then(
    () => true,
    () => false,
  );

async function build(lab: Lab, claimed: ContainerRecord, request: RunRequest): Promise<Container> {
  const conf = await loadConfList(cniHost(lab, claimed.node));
  const record = { ...claimed, podUid: await createPod(lab.api, claimed, request), conf: conf.text };
  await saveRecord(lab.layout, record);
  await makeContainerNetns(lab, record);
  const result = await cniAdd(cniHost(lab, record.node), conf, attachmentOf(record));
  const own = result.ips.map((ip) => ip.address);
  await reportRunning(
    lab.api,
    record,
    own.map((address) => address.replace(/\/.*/, '')),
    new Date(),
  );
  return { record, interfaces: await interfacesOf(lab.api, record, result) };
}

/** What containerd passes to libcni for the pod. */
export const attachmentOf = (record: ContainerRecord): Attachment => ({
  containerId: record.id,
  netns: record.netns,
  ifName: 'eth0',
  args: [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAMESPACE', record.namespace],
    ['K8S_POD_NAME', record.name],
    ['K8S_POD_INFRA_CONTAINER_ID', record.id],
    ['K8S_POD_UID', record.podUid ?? ''],
  ],
  capabilityArgs: {},
});

/** eth0 from the runtime's result, the others from the endpoints that the agent registered. */
async function interfacesOf(
  api: ApiClient,
  record: ContainerRecord,
  result: CniResult,
): Promise<readonly ContainerInterface[]> {
  const overlays = (await listEndpoints({ api }))
    .filter((endpoint) => endpoint.containerID === record.id)
    .map((endpoint) => ({ name: endpoint.interface, network: endpoint.network, addresses: endpoint.addresses }));
  const own = { name: 'eth0', network: 'pod', addresses: result.ips.map((ip) => ip.address) };
  return [own, ...overlays.toSorted((a, b) => a.name.localeCompare(b.name))];
}

/** Ends what runs in it, DEL, namespace, Pod, record: each step finds what an earlier, interrupted call has done. */
export async function removeContainer(lab: Lab, name: string): Promise<void> {
  const record = await findContainer(lab.layout, name);
  await endContainerProcesses(lab, record);
  const conf = confOf(record);
  if (conf) await cniDel(cniHost(lab, record.node), conf, attachmentOf(record));
  await removeContainerNetns(lab, record);
  await deletePod(lab.api, record);
  await forgetRecord(lab.layout, name);
}

/** Throws PluginError, naming what is missing. */
export async function checkContainer(lab: Lab, name: string): Promise<void> {
  const record = await findContainer(lab.layout, name);
  const conf = confOf(record);
  if (!conf) throw new LabError(`container "${name}" was never attached`, `remove it with: warrenctl lab rm ${name}`);
  await cniCheck(cniHost(lab, record.node), conf, attachmentOf(record));
}

function confOf(record: ContainerRecord): LoadedConf | undefined {
  const list = record.conf === undefined ? undefined : parseConfList(record.conf);
  return list?.ok === true ? { list: list.value, text: record.conf ?? '' } : undefined;
}
