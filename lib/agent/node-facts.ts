/** What the node knows of itself: where it is reached, over which device, and which subnets its pods get. Kept on disk for restarts. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { ipField, parseWith, prefixField } from '../api/field.ts';
import type { IpAddress, Prefix } from '../net/address.ts';
import { writeAtomically } from '../store/atomic-file.ts';
import type { NodeFacts } from './view.ts';

/** The device that holds an address of the node. */
export interface Underlay {
  readonly name: string;
  readonly mtu: number;
}
export type FindUnderlay = (ip: IpAddress) => Promise<Underlay | undefined>;

/** The facts, or why there are none yet. */
export type Discovered =
  { readonly kind: 'facts'; readonly facts: NodeFacts } | { readonly kind: 'unknown'; readonly reason: string };

/** `addresses` in order of preference; an address that no device has is passed over. */
export async function discover(
  addresses: readonly IpAddress[],
  gatewaySubnets: readonly Prefix[],
  find: FindUnderlay,
): Promise<Discovered> {
  const found = await Promise.all(addresses.map(async (ip) => ({ ip, underlay: await find(ip) })));
  const [first, ...rest] = found.flatMap(({ ip, underlay }) => (underlay === undefined ? [] : [{ ip, underlay }]));
  if (first === undefined) {
    const listed = addresses.join(', ') || 'none is known';
    return { kind: 'unknown', reason: `no device of this node has its address (${listed}): name it with --node-ip` };
  }
  const vteps: NodeFacts['vteps'] = [first.ip, ...rest.map((one) => one.ip)];
  return { kind: 'facts', facts: { vteps, underlayMtu: first.underlay.mtu, gatewaySubnets } };
}

const factsSchema = z.object({
  vteps: z.tuple([ipField], ipField),
  underlayMtu: z.number().int(),
  gatewaySubnets: z.array(prefixField),
});

/** Undefined when there is no readable file: the API server will tell. */
export async function loadFacts(path: string): Promise<NodeFacts | undefined> {
  try {
    const read = parseWith(factsSchema, JSON.parse(await readFile(path, 'utf8')));
    return read.ok ? read.value : undefined;
  } catch {
    return undefined;
  }
}

export const saveFacts = (path: string, facts: NodeFacts): Promise<void> =>
  writeAtomically(path, JSON.stringify(facts));

export const sameFacts = (a: NodeFacts | undefined, b: NodeFacts | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
