/** Adds a network to a pod template's annotation, or takes one away, and leaves everything else in it as it was. */
import { type AttachmentRequest, parsePodNetworks } from '../api/pod-networks.ts';
import type { RequestedIp } from '../api/requested-ip.ts';
import { err, ok, type Result } from '../net/result.ts';

/** One entry as the flags of `network connect` ask for it; checked by parsing what comes out. */
export interface ConnectRequest {
  readonly network: string;
  readonly interface?: string | undefined;
  readonly ips: readonly string[];
  readonly mac?: string | undefined;
  readonly aliases: readonly string[];
}

export interface Edited {
  /** The annotation; undefined when nothing is left of it. */
  readonly text: string | undefined;
  /** The interfaces that were added or removed. */
  readonly interfaces: readonly string[];
}

export function addNetwork(text: string | undefined, request: ConnectRequest): Result<Edited> {
  const before = parsePodNetworks(text ?? '');
  if (!before.ok) return err(`${before.error}; correct it first`);
  const there = before.value.find((one) => one.network === request.network);
  if (there) return err(`it is on network ${request.network} already, as ${there.interface}`);
  const added = { ...request, interface: request.interface ?? freeName(before.value) };
  const edited = formatNetworks([...before.value.map(entryOf), entryFromFlags(added)]);
  const after = parsePodNetworks(edited);
  return after.ok ? ok({ text: edited, interfaces: [added.interface] }) : after;
}

export function removeNetwork(text: string | undefined, network: string): Result<Edited> {
  const before = parsePodNetworks(text ?? '');
  if (!before.ok) return err(`${before.error}; correct it first`);
  const kept = before.value.filter((one) => one.network !== network);
  const gone = before.value.filter((one) => one.network === network);
  if (gone.length === 0) {
    const others = before.value.map((one) => one.network).join(', ');
    return err(`it is not on network ${network}, but on ${others === '' ? 'none' : others}`);
  }
  const interfaces = gone.map((one) => one.interface);
  return ok({ text: kept.length === 0 ? undefined : formatNetworks(kept.map(entryOf)), interfaces });
}

/** The networks that an annotation names; none for one that cannot be read. */
export function networksIn(text: string | undefined): readonly string[] {
  const parsed = parsePodNetworks(text ?? '');
  return parsed.ok ? parsed.value.map((one) => one.network) : [];
}

function freeName(taken: readonly AttachmentRequest[]): string {
  for (let number = taken.length + 1; ; number++) {
    const name = `net${number}`;
    if (!taken.some((one) => one.interface === name)) return name;
  }
}

/** The JSON form's keys. */
interface Entry {
  readonly name: string;
  readonly interface: string;
  readonly ips?: readonly string[];
  readonly mac?: string;
  readonly aliases?: readonly string[];
  readonly 'default-route'?: readonly string[];
}

const entryOf = ({ network, interface: ifname, ips, mac, aliases, defaultRoute }: AttachmentRequest): Entry => ({
  name: network,
  interface: ifname,
  ...(ips.length === 0 ? {} : { ips: ips.map(ipText) }),
  ...(mac === undefined ? {} : { mac }),
  ...(aliases.length === 0 ? {} : { aliases }),
  ...(defaultRoute === undefined ? {} : { 'default-route': defaultRoute }),
});

const ipText = ({ ip, prefixLength }: RequestedIp): string =>
  prefixLength === undefined ? ip : `${ip}/${prefixLength}`;

const entryFromFlags = (request: ConnectRequest & { readonly interface: string }): Entry => ({
  name: request.network,
  interface: request.interface,
  ...(request.ips.length === 0 ? {} : { ips: request.ips }),
  ...(request.mac === undefined ? {} : { mac: request.mac }),
  ...(request.aliases.length === 0 ? {} : { aliases: request.aliases }),
});

/** The comma form where it says everything. An interface is named where its place in the list would name it otherwise. */
function formatNetworks(entries: readonly Entry[]): string {
  const isPlain = entries.every((entry) => Object.keys(entry).length === 2);
  if (!isPlain) return JSON.stringify(entries);
  return entries
    .map((entry, i) => (entry.interface === `net${i + 1}` ? entry.name : `${entry.name}@${entry.interface}`))
    .join(',');
}
