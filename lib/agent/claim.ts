/**
 * Claims an address on a network: creates the NetworkEndpoint whose name is the address. The API server's uniqueness decides
 * between nodes; who loses picks again.
 */
import { CNI_CODE, CniError } from '../api/cni.ts';
import { LABEL_NETWORK, LABEL_NODE } from '../api/meta.ts';
import { endpointName, type NetworkEndpoint, networkEndpoints } from '../api/network-endpoint.ts';
import type { AttachmentRequest } from '../api/pod-networks.ts';
import { chooseAddresses } from '../ipam/address.ts';
import type { KubeClient } from '../kube/client.ts';
import { hasReason } from '../kube/error.ts';
import { type HostPrefix, type IpAddress, prefixAddress, prefixLength } from '../net/address.ts';
import { macFromIp } from '../net/mac.ts';
import type { InterfaceRecord, OverlayRecord } from '../store/attachment.ts';
import { addressFailure } from './failure.ts';
import type { ReadyNetwork } from './wanted.ts';

/** Whose interface it is to be. */
export interface ClaimOwner {
  readonly nodeName: string;
  readonly containerID: string;
  readonly pod: NetworkEndpoint['spec']['pod'];
}

/** What is asked for, before the API server has agreed. */
type Unclaimed = Omit<InterfaceRecord, 'on' | 'addresses'> & {
  readonly on: Omit<OverlayRecord, 'endpointUID'>;
  readonly addresses: Addresses;
};

export interface Claims {
  /** Throws CniError; ApiError when the API server does not answer. */
  claim(owner: ClaimOwner, on: ReadyNetwork, request: AttachmentRequest, mtu: number): Promise<InterfaceRecord>;
  /** Gives the claim back; one that is gone, or another container's by now, is left alone. */
  release(claim: OverlayRecord): Promise<void>;
}

export interface ClaimOptions {
  readonly client: KubeClient;
  /** Endpoints of a network as far as this node knows them. */
  readonly endpoints: (network: string) => readonly NetworkEndpoint[];
  /** Addresses of this node's own attachments, which the watch may not have shown yet. */
  readonly ownAddresses: (network: string) => Iterable<IpAddress>;
  readonly random: () => number;
}

/** How many other nodes may be quicker, one after the other, before the runtime is told to try again. */
const ATTEMPTS = 20;
/** Of one API call: an ADD without an API server must fail within 5 s. */
const CALL_TIMEOUT_MS = 2000;

export const createClaims = (options: ClaimOptions): Claims => new ApiClaims(options);

class ApiClaims implements Claims {
  readonly #options: ClaimOptions;
  /** The address given last on each network. */
  readonly #cursors = new Map<string, IpAddress>();
  /** Being claimed at this moment, or lost to another node whose endpoint the watch has not shown yet. */
  readonly #busy = new Map<string, Set<IpAddress>>();

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  async claim(owner: ClaimOwner, on: ReadyNetwork, request: AttachmentRequest, mtu: number): Promise<InterfaceRecord> {
    const network = on.network.metadata.name;
    checkMac(network, request, this.#options.endpoints(network), owner);
    const busy = this.#busy.get(network) ?? new Set<IpAddress>();
    this.#busy.set(network, busy);
    const tried = new Set<IpAddress>();
    try {
      return await this.#tryAddresses(owner, on, request, mtu, (ip) => {
        busy.add(ip);
        tried.add(ip);
      });
    } finally {
      for (const ip of tried) busy.delete(ip);
      if (busy.size === 0) this.#busy.delete(network);
    }
  }

  async release({ endpoint, endpointUID }: OverlayRecord): Promise<void> {
    const { client } = this.#options;
    await client.delete(networkEndpoints, endpoint, { uid: endpointUID, timeoutMs: CALL_TIMEOUT_MS });
  }

  async #tryAddresses(
    owner: ClaimOwner,
    on: ReadyNetwork,
    request: AttachmentRequest,
    mtu: number,
    onTry: (ip: IpAddress) => void,
  ): Promise<InterfaceRecord> {
    const network = on.network.metadata.name;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const record = interfaceRecord(on, request, this.#pick(on, request, attempt), mtu);
      const ip = prefixAddress(record.addresses[0]);
      onTry(ip);
      this.#cursors.set(network, ip);
      const uid = await this.#create(owner, network, request, record);
      if (uid !== undefined) return { ...record, on: { ...record.on, endpointUID: uid } };
      if (request.ips.length > 0) throw inUse(network, ip);
    }
    const message = `network ${network}: ${ATTEMPTS} addresses in turn were taken by other nodes`;
    throw new CniError(CNI_CODE.tryAgainLater, message);
  }

  #pick(on: ReadyNetwork, request: AttachmentRequest, attempt: number): Addresses {
    const { endpoints, ownAddresses, random } = this.#options;
    const network = on.network.metadata.name;
    const busy = this.#busy.get(network) ?? [];
    const known = endpoints(network).flatMap((one) => one.spec.addresses.map(prefixAddress));
    const cursor = this.#cursors.get(network);
    const chosen = chooseAddresses({
      network,
      subnets: on.subnets,
      // A fixed address is for the API server to refuse: it may be this container's own, from an ADD that was cut short.
      inUse: new Set(request.ips.length > 0 ? busy : [...known, ...ownAddresses(network), ...busy]),
      wanted: request.ips.map((one) => one.ip),
      ...(cursor === undefined ? {} : { cursor }),
      ...(attempt === 0 ? {} : { jump: random() }),
    });
    if (!chosen.ok) throw addressFailure(chosen.error);
    checkLengths(network, request, chosen.value);
    return nonEmpty(chosen.value);
  }

  /** The endpoint's uid; undefined when the address is another container's. */
  async #create(
    owner: ClaimOwner,
    network: string,
    request: AttachmentRequest,
    record: Unclaimed,
  ): Promise<string | undefined> {
    const { client } = this.#options;
    const body = endpointBody(owner, network, request, record);
    try {
      return (await client.create(networkEndpoints, body, { timeoutMs: CALL_TIMEOUT_MS })).metadata.uid;
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    }
    const holder = await this.#holder(body.metadata.name);
    // It was given back in between.
    if (holder === undefined) return this.#create(owner, network, request, record);
    const { metadata, spec } = holder;
    const isOurs = spec.nodeName === owner.nodeName && spec.containerID === owner.containerID;
    return isOurs && spec.interface === request.interface ? metadata.uid : undefined;
  }

  async #holder(endpoint: string): Promise<NetworkEndpoint | undefined> {
    try {
      return await this.#options.client.get(networkEndpoints, endpoint, { timeoutMs: CALL_TIMEOUT_MS });
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

type Addresses = [HostPrefix, ...HostPrefix[]];

function nonEmpty([first, ...rest]: readonly HostPrefix[]): Addresses {
  if (first === undefined) throw new Error('an endpoint has an address');
  return [first, ...rest];
}

const inUse = (network: string, ip: IpAddress): CniError =>
  new CniError(CNI_CODE.addressInUse, `${ip} is in use on network ${network}: choose another address`);

function checkLengths(network: string, request: AttachmentRequest, chosen: readonly HostPrefix[]): void {
  for (const { ip, prefixLength: length } of request.ips) {
    const right = chosen.find((one) => prefixAddress(one) === ip);
    if (length === undefined || right === undefined || prefixLength(right) === length) continue;
    throw new CniError(
      CNI_CODE.addressNotUsable,
      `${ip}/${length} on network ${network}: its subnet makes it ${right}`,
    );
  }
}

function checkMac(
  network: string,
  { mac }: AttachmentRequest,
  known: readonly NetworkEndpoint[],
  owner: ClaimOwner,
): void {
  const holder = mac === undefined ? undefined : known.find((one) => one.spec.mac === mac);
  if (holder === undefined || holder.spec.containerID === owner.containerID) return;
  const message = `the MAC address ${mac} is in use on network ${network} by ${holder.metadata.name}: choose another`;
  throw new CniError(CNI_CODE.addressInUse, message);
}

function interfaceRecord(
  { network, vni, subnets }: ReadyNetwork,
  request: AttachmentRequest,
  addresses: Addresses,
  mtu: number,
): Unclaimed {
  const ip = prefixAddress(addresses[0]);
  const name = network.metadata.name;
  const on = { kind: 'overlay' as const, network: name, endpoint: endpointName(name, ip), vni, subnets: [...subnets] };
  return { on, ifname: request.interface, mac: request.mac ?? macFromIp(ip), mtu, addresses };
}

function endpointBody(owner: ClaimOwner, network: string, request: AttachmentRequest, record: Unclaimed) {
  const name = record.on.endpoint;
  const { nodeName, containerID, pod } = owner;
  const names = [...new Set([...(pod === undefined ? [] : [pod.name]), ...request.aliases])];
  const { addresses, mac } = record;
  return {
    metadata: { name, labels: { [LABEL_NETWORK]: network, [LABEL_NODE]: nodeName } },
    spec: { network, addresses, mac, nodeName, interface: request.interface, containerID, ...(pod && { pod }), names },
  };
}
