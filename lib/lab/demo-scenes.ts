/** The scenes of the demo. Each one looks for itself whether what it shows is true. */
import { commandOutput } from './command.ts';
import { type Container, createContainer, removeContainer } from './container.ts';
import { listContainers } from './container-record.ts';
import type { Stage } from './demo-stage.ts';
import { getText } from './get.ts';
import type { Lab } from './lab.ts';
import { listEndpoints, listNetworks, networkNamespaces, viewLab } from './lab-view.ts';
import { containerText } from './life-text.ts';
import { applyManifests } from './manifest.ts';
import { onNode } from './node.ts';
import { drawLab, type PictureNetwork } from './picture.ts';
import { askName, ping, sayName } from './probe.ts';
import { OUTSIDE_V4 } from './topology.ts';
import { eventually } from './wait.ts';

const manifest = (name: string, spec: string): string => `apiVersion: warren.dev/v1alpha1
kind: Network
metadata:
  name: ${name}
spec:
  attachable: true${spec}`;

async function applyNetwork(lab: Lab, stage: Stage, name: string, spec: string): Promise<PictureNetwork> {
  const text = manifest(name, spec);
  stage.show(`$ warrenctl lab apply -f - <<.\n${text}\n.`);
  await applyManifests(lab.api, text, `the manifest of ${name}`);
  return eventually(async () => {
    const network = (await listNetworks(lab)).find((each) => each.name === name);
    if (network && network.subnet !== '' && network.vni !== 0) return network;
    throw new Error(`the controller has not given Network ${name} a subnet and a VNI`);
  }, 10_000);
}

/** blue from the pool; green wants for itself the very subnet that blue got. */
export async function makeNetworks(lab: Lab, stage: Stage): Promise<void> {
  const blue = await applyNetwork(lab, stage, 'blue', '');
  const green = await applyNetwork(lab, stage, 'green', `\n  subnets:\n    - cidr: ${blue.subnet}`);
  stage.show(`$ warrenctl lab get networks\n${await getText(lab.api, 'networks.warren.dev', undefined)}`);
  stage.claim(`blue and green overlap (${green.subnet}) and have VNIs of their own`, blue.vni !== green.vni);
}

/** The address of a container on its overlay network. */
export const overlayAddress = ({ record, interfaces }: Container): string => {
  const address = interfaces.find(({ name }) => name === 'net1')?.addresses[0]?.replace(/\/.*/, '');
  if (address === undefined) throw new Error(`container ${record.name} has no address on a network`);
  return address;
};
const podAddress = ({ interfaces }: Container): string => interfaces[0]?.addresses[0]?.replace(/\/.*/, '') ?? '';

export interface Cast {
  readonly a1: Container;
  readonly a2: Container;
  readonly a3: Container;
  readonly b1: Container;
  readonly b2: Container;
}

/** a1, a2, a3 on blue; b1, b2 on green, b2 with the very address that a2 has. */
export async function attachContainers(lab: Lab, stage: Stage): Promise<Cast> {
  const attach = async (name: string, node: string, network: string, ip?: string): Promise<Container> => {
    const networks = ip === undefined ? network : JSON.stringify([{ name: network, ips: [ip] }]);
    stage.show(
      `$ warrenctl lab run ${name} --node ${node} --network ${network}${ip === undefined ? '' : ` --ip ${ip}`} -d`,
    );
    const container = await createContainer(lab, { name, node, networks });
    stage.show(containerText(container));
    return container;
  };
  const a1 = await attach('a1', 'n1', 'blue');
  const a2 = await attach('a2', 'n2', 'blue');
  const a3 = await attach('a3', 'n3', 'blue');
  const b1 = await attach('b1', 'n1', 'green', sibling(overlayAddress(a1), 77));
  const b2 = await attach('b2', 'n2', 'green', overlayAddress(a2));
  return { a1, a2, a3, b1, b2 };
}

/** Another address of the same /24. */
const sibling = (address: string, last: number): string => address.replace(/\d+$/, String(last));

export async function drawPicture(lab: Lab, stage: Stage): Promise<void> {
  const view = await viewLab(lab);
  stage.show(drawLab(view.nodes, view.networks, 97));
  stage.show(`\n$ warrenctl lab get networkendpoints\n${await getText(lab.api, 'networkendpoints', undefined)}`);
}

async function claimReach(lab: Lab, stage: Stage, from: Container, to: string, address: string): Promise<void> {
  const { name, node } = from.record;
  const time = await ping(lab, name, address);
  stage.claim(
    `${name} on ${node} reaches ${to} at ${address}: ${time ?? '-'} ms`,
    time !== undefined,
    'no answer came',
  );
}

export async function pingsThatWork(lab: Lab, stage: Stage, { a1, a2, a3, b1, b2 }: Cast): Promise<void> {
  await claimReach(lab, stage, a1, 'a2 on n2 over blue', overlayAddress(a2));
  await claimReach(lab, stage, a1, 'a3 on n3 over blue', overlayAddress(a3));
  await claimReach(lab, stage, b2, 'b1 on n1 over green', overlayAddress(b1));
  await claimReach(lab, stage, b1, 'b2 on n2 over green', overlayAddress(b2));
  await claimReach(lab, stage, a1, 'eth0 of b2 on n2 over the pod network', podAddress(b2));
  await claimReach(lab, stage, a3, 'the world outside the cluster', OUTSIDE_V4);
}

/** One address, two containers: who answers depends on the network that one is on. */
export async function sameAddressTwice(lab: Lab, stage: Stage, { a2 }: Cast): Promise<void> {
  const address = overlayAddress(a2);
  await Promise.all(['a2', 'b2'].map((name) => sayName(lab, name)));
  for (const [from, expected, network] of [
    ['a1', 'a2', 'blue'],
    ['b1', 'b2', 'green'],
  ] as const) {
    const answer = await askName(lab, from, address);
    const instead = answer === undefined ? 'nobody answered' : `"${answer}" answered`;
    stage.claim(`${from} asks ${address} on ${network} who it is: "${expected}"`, answer === expected, instead);
  }
}

export async function pingsThatMustNot(lab: Lab, stage: Stage, { a3, b1 }: Cast): Promise<void> {
  for (const [from, to, network] of [
    ['b1', a3, 'blue'],
    ['a1', b1, 'green'],
  ] as const) {
    const time = await ping(lab, from, overlayAddress(to), 1);
    const name = to.record.name;
    stage.claim(
      `${from} does not reach ${name} at ${overlayAddress(to)}: it is not on ${network}`,
      time === undefined,
      'it answered',
    );
  }
}

/** A network's namespace is on a node exactly while an endpoint of it is there. */
export async function lazyDevices(lab: Lab, stage: Stage): Promise<void> {
  const green = (await listNetworks(lab)).find((network) => network.name === 'green')?.vni ?? 0;
  const name = `warren-${green}`;
  await showNamespaces(lab, stage);
  stage.show(`$ warrenctl lab node n1 -- ip -n ${name} -d link show type vxlan`);
  const link = await commandOutput(onNode(lab.layout, 'n1', ['ip', '-n', name, '-d', 'link', 'show', 'type', 'vxlan']));
  stage.show(clip(link.trimEnd()));
  const isOnThird = async (): Promise<boolean> => (await networkNamespaces(lab, 'n3')).includes(name);
  stage.claim(`n3 has no ${name}: no container of green runs there`, !(await isOnThird()));
  await createContainer(lab, { name: 'b3', node: 'n3', networks: 'green' });
  stage.claim(`with b3 on n3, ${name} is there`, await isOnThird());
  await removeContainer(lab, 'b3');
  stage.claim(`without b3, ${name} is gone`, await isGone(isOnThird));
}

/** `ip -d` says more than fits a line. */
const clip = (text: string): string => text.replaceAll(/^(.{94}).{2,}$/gm, '$1…');

async function showNamespaces(lab: Lab, stage: Stage): Promise<void> {
  for (const { name } of lab.nodes) stage.show(`${name}: ${(await networkNamespaces(lab, name)).join(' ')}`);
}

/** Within the second that an agent may take for it. */
const isGone = (isThere: () => Promise<boolean>): Promise<boolean> =>
  eventually(async () => {
    if (await isThere()) throw new Error('still there');
    return true;
  }, 2000).catch(() => false);

export async function removeContainers(lab: Lab, stage: Stage): Promise<void> {
  const records = await listContainers(lab.layout);
  for (const { name } of records) await removeContainer(lab, name);
  stage.show(`$ warrenctl lab rm ${records.map(({ name }) => name).join(' ')}`);
  const endpoints = await listEndpoints(lab);
  stage.claim('no NetworkEndpoint is left', endpoints.length === 0, `${endpoints.length} are`);
  for (const { name } of lab.nodes) {
    const isEmpty = await isGone(async () => (await networkNamespaces(lab, name)).length > 0);
    stage.claim(`no network has a namespace on ${name}`, isEmpty);
  }
}
