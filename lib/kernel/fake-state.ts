/** The objects of the fake kernel, and the kernel's rules about them. */
import type { NftElement, NftTable } from '../dataplane/nft.ts';
import {
  type Address,
  type KernelObject,
  type NetnsRef,
  objectKey,
  type Route,
  type Vxlan,
} from '../dataplane/object.ts';
import { netnsVni } from '../dataplane/owner.ts';
import { family, makePrefix, prefixAddress, prefixContains, prefixLength } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import { unreachable } from '../net/result.ts';

const refuse = (code: string, why: string): never => {
  throw new Error(`${code} (${why})`);
};

export class FakeState {
  /** In the order of creation: of several IPv4 addresses in a subnet the oldest is the primary one. */
  readonly #objects = new Map<string, KernelObject>();

  all(): readonly KernelObject[] {
    return [...this.#objects.values()];
  }

  /** Throws Error. */
  create(object: KernelObject): void {
    if (this.#objects.has(objectKey(object))) refuse('EEXIST', 'it is there');
    this.#check(object);
    const rival = this.all().find((other) => excludes(object, other));
    if (rival) refuse('EEXIST', `in the way is ${objectKey(rival)}`);
    this.#objects.set(objectKey(object), object);
  }

  /** Throws Error. */
  change(object: KernelObject): void {
    const from = this.#objects.get(objectKey(object)) ?? refuse('ENOENT', 'it is not there');
    if (fixedPart(from) !== fixedPart(object)) refuse('EOPNOTSUPP', 'the kernel cannot change that in place');
    this.#check(object);
    this.#objects.set(objectKey(object), object);
    if (object.kind === 'nft-table') this.#drop((other) => isInTable(other, object) && !hasSet(object, other));
  }

  /** What is gone already is gone. */
  delete(key: string): void {
    const gone = this.#objects.get(key);
    if (!gone) return;
    const isPrimary = gone.kind === 'address' && this.#sameSubnet(gone)[0] === gone;
    this.#objects.delete(key);
    this.#drop((object) => hangsOn(object, gone));
    if (gone.kind !== 'address' || family(gone.address) === 6) return;
    if (isPrimary) for (const secondary of this.#sameSubnet(gone)) this.delete(objectKey(secondary));
    this.#flushRoutes(gone);
  }

  #drop(falls: (object: KernelObject) => boolean): void {
    for (const object of this.all()) if (falls(object)) this.delete(objectKey(object));
  }

  /** IPv4 routes go with the last IPv4 address of their link. */
  #flushRoutes({ netns, link }: Address): void {
    const isFour = (object: KernelObject): boolean =>
      (object.kind === 'address' && onLink(object, netns, link) && family(object.address) === 4) ||
      (object.kind === 'route' && onLink(object, netns, link) && family(object.dst) === 4);
    if (!this.all().some((object) => object.kind === 'address' && isFour(object)))
      this.#drop((object) => object.kind === 'route' && isFour(object));
  }

  #sameSubnet(address: Address): Address[] {
    return this.#addresses(address.netns, address.link).filter((other) => subnet(other) === subnet(address));
  }

  #addresses(netns: NetnsRef, link: IfName): Address[] {
    return this.all().filter((object) => object.kind === 'address' && onLink(object, netns, link)) as Address[];
  }

  #hasLink(netns: NetnsRef, name: IfName, kinds: readonly string[] = ['bridge', 'vxlan', 'veth']): void {
    const isThere = this.all().some((object) => kinds.includes(object.kind) && makesLink(object, netns, name));
    if (!isThere) refuse('ENODEV', `there is no ${kinds.join(' or ')} ${name}`);
  }

  #check(object: KernelObject): void {
    const { netns } = object;
    const isOurs = object.kind !== 'netns' && netnsVni(netns) !== undefined;
    if (isOurs && !this.#objects.has(`${netns} netns`)) refuse('ENOENT', `there is no ${netns}`);
    const sysctl = sysctlLink(object);
    if (sysctl) this.#hasLink(netns, sysctl);
    if (object.kind === 'port') {
      this.#hasLink(netns, object.name);
      this.#hasLink(netns, object.master, ['bridge']);
    }
    if (object.kind === 'address' || object.kind === 'neighbour') this.#hasLink(netns, object.link);
    if (object.kind === 'route') this.#checkRoute(object);
    if (object.kind === 'fdb-self') this.#hasLink(netns, object.link, ['vxlan']);
    if (object.kind === 'fdb-master' && !this.#objects.has(`${netns} port ${object.link}`))
      refuse('EINVAL', `${object.link} is no bridge port`);
    if (object.kind === 'nft-element') this.#checkElement(object);
  }

  #checkRoute({ netns, link, via, onlink }: Route): void {
    this.#hasLink(netns, link);
    if (via === undefined || onlink === true) return;
    const direct = [
      ...this.#addresses(netns, link).map(subnet),
      ...this.all().flatMap((object) =>
        object.kind === 'route' && onLink(object, netns, link) && object.via === undefined ? [object.dst] : [],
      ),
    ];
    if (!direct.some((prefix) => prefixContains(prefix, via))) refuse('ENETUNREACH', `${via} is not on ${link}`);
  }

  #checkElement(element: NftElement): void {
    const table = this.all().find((object) => object.kind === 'nft-table' && isInTable(element, object));
    if (table?.kind !== 'nft-table' || !hasSet(table, element)) refuse('ENOENT', `there is no set ${element.set}`);
  }
}

const subnet = ({ address }: Address) => makePrefix(prefixAddress(address), prefixLength(address));

const onLink = (object: { netns: NetnsRef; link: IfName }, netns: NetnsRef, link: IfName): boolean =>
  object.netns === netns && object.link === link;

function makesLink(object: KernelObject, netns: NetnsRef, name: IfName): boolean {
  if (object.kind === 'veth' && object.peer.netns === netns && object.peer.name === name) return true;
  const isLink = object.kind === 'bridge' || object.kind === 'vxlan' || object.kind === 'veth';
  return isLink && object.netns === netns && object.name === name;
}

/** The link under whose directory a sysctl is. */
function sysctlLink(object: KernelObject): IfName | undefined {
  const [, , group, name] = object.kind === 'sysctl' ? object.key.split('/') : [];
  return group === 'conf' && name !== 'all' && name !== 'default' ? (name as IfName | undefined) : undefined;
}

const isInTable = (object: KernelObject, table: NftTable): boolean =>
  object.kind === 'nft-element' &&
  object.netns === table.netns &&
  object.family === table.family &&
  object.table === table.name;

const hasSet = (table: NftTable, element: KernelObject): boolean =>
  element.kind === 'nft-element' && table.sets.some((set) => set.name === element.set && set.elements === undefined);

/** What the kernel gives out once. */
function excludes(a: KernelObject, b: KernelObject): boolean {
  switch (a.kind) {
    case 'bridge':
      return makesLink(b, a.netns, a.name);
    case 'vxlan':
      return makesLink(b, a.netns, a.name) || (b.kind === 'vxlan' && isSameTunnel(a, b));
    case 'veth':
      return makesLink(b, a.netns, a.name) || makesLink(b, a.peer.netns, a.peer.name);
    case 'fdb-master':
      return b.kind === 'fdb-master' && a.netns === b.netns && a.mac === b.mac;
    case 'address':
      return b.kind === 'address' && isSameSix(a, b);
    default:
      return false;
  }
}

/** Whatever the namespaces: the sockets of all are in the host's. */
const isSameTunnel = (a: Vxlan, b: Vxlan): boolean =>
  a.vni === b.vni && a.port === b.port && family(a.local) === family(b.local);

/** An IPv6 address is on a link once, with whatever prefix length. */
const isSameSix = (a: Address, b: Address): boolean =>
  onLink(a, b.netns, b.link) && family(a.address) === 6 && prefixAddress(a.address) === prefixAddress(b.address);

function hangsOn(object: KernelObject, gone: KernelObject): boolean {
  if (gone.kind === 'netns')
    return object.netns === gone.netns || (object.kind === 'veth' && object.peer.netns === gone.netns);
  if (gone.kind === 'nft-table') return isInTable(object, gone);
  if (gone.kind === 'port') return object.kind === 'fdb-master' && onLink(object, gone.netns, gone.name);
  if (object.kind === 'port')
    return makesLink(gone, object.netns, object.name) || makesLink(gone, object.netns, object.master);
  const sysctl = sysctlLink(object);
  if (sysctl) return makesLink(gone, object.netns, sysctl);
  return 'link' in object && makesLink(gone, object.netns, object.link);
}

/** What cannot be changed in place, as text. */
function fixedPart(object: KernelObject): string {
  switch (object.kind) {
    case 'vxlan':
      return `vxlan ${object.vni} ${object.port} ${object.local}`;
    case 'veth':
      return `veth ${object.peer.netns} ${object.peer.name}`;
    case 'port':
      return `port ${object.master}`;
    case 'netns':
    case 'sysctl':
    case 'bridge':
    case 'address':
    case 'route':
    case 'neighbour':
    case 'fdb-self':
    case 'fdb-master':
    case 'nft-table':
    case 'nft-element':
      return object.kind;
    default:
      return unreachable(object);
  }
}
