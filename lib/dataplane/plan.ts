/** From what should be and what is to the steps between them: pure, complete, and in an order that the kernel accepts. */
import { isDeepStrictEqual } from 'node:util';
import { type KernelObject, objectKey } from './object.ts';
import type { Op } from './op.ts';
import { addressing, linkMakers, parents, rank, slots } from './relation.ts';

/** An object with what the planner asks of it again and again. */
interface Item {
  readonly key: string;
  readonly object: KernelObject;
}
type Items = ReadonlyMap<string, Item>;

/**
 * The ops that turn `observed` into `desired`: first what stands in the way goes, then everything is made and changed, referenced
 * before referrer, then what is left over goes, in reverse. Of several objects with one key the first counts. Pass what is ours and nothing else:
 * whatever is observed and not desired is deleted.
 */
export function plan(desired: readonly KernelObject[], observed: readonly KernelObject[]): Op[] {
  const want = inOrder(desired);
  const have = inOrder(observed);
  const inTheWay = obstacles(want, have);
  const lost = withDependents(have, inTheWay);
  const extra = new Set([...have.keys()].filter((key) => !want.has(key) && !lost.has(key)));
  return [
    ...deletions(have, inTheWay),
    ...[...want.values()].flatMap((item) => arrival(item, lost.has(item.key) ? undefined : have.get(item.key))),
    ...deletions(have, extra),
  ];
}

/** Sorted by rank, then by key: the same input gives the same plan, in whatever order it came. */
function inOrder(objects: readonly KernelObject[]): Items {
  const ranked = objects.map((object) => ({ key: objectKey(object), object, rank: rank(object) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const items = new Map<string, Item>();
  for (const item of ranked) if (!items.has(item.key)) items.set(item.key, item);
  return items;
}

function arrival({ object }: Item, was: Item | undefined): Op[] {
  if (was === undefined) return [{ kind: 'create', object }];
  return isSame(object, was.object) ? [] : [{ kind: 'change', object, from: was.object }];
}

/** Most objects are flat, and there are thousands of them: the deep comparison is for what they hold. */
function isSame(a: KernelObject, b: KernelObject): boolean {
  if (a === b) return true;
  const fields = Object.entries(a);
  if (fields.length !== Object.keys(b).length) return false;
  return fields.every(([name, value]) => {
    const other: unknown = Reflect.get(b, name);
    return value === other || (typeof value === 'object' && isDeepStrictEqual(value, other));
  });
}

/** What has to go before anything can be made: objects that cannot be changed in place, and holders of a slot that is needed. */
function obstacles(want: Items, have: Items): ReadonlySet<string> {
  const needed = new Set([...want.values()].flatMap((item) => slots(item.object)));
  const stranded = linksOfRoutesOnly(want);
  const keys = new Set<string>();
  for (const { key, object } of have.values()) {
    const next = want.get(key)?.object;
    const blocks = next === undefined ? slots(object).some((slot) => needed.has(slot)) : mustReplace(object, next);
    const isLast = next === undefined && object.kind === 'address' && stranded.has(addressing(object));
    if (blocks || isLast) keys.add(key);
  }
  for (const key of disturbedAddressing(have, keys)) keys.add(key);
  return keys;
}

/** The kernel cannot change these in place, or forgets what hangs on the object when it does. */
function mustReplace(from: KernelObject, to: KernelObject): boolean {
  if (from.kind !== to.kind) return true;
  if (from.kind === 'vxlan' && to.kind === 'vxlan')
    return from.vni !== to.vni || from.port !== to.port || from.local !== to.local;
  if (from.kind === 'veth' && to.kind === 'veth')
    return from.peer.netns !== to.peer.netns || from.peer.name !== to.peer.name;
  return from.kind === 'port' && to.kind === 'port' && from.master !== to.master;
}

/** With the last address of a family the kernel flushes the link's routes, also those that are to stay. */
function linksOfRoutesOnly(want: Items): ReadonlySet<string | undefined> {
  const objects = [...want.values()].map((item) => item.object);
  const addressed = new Set(objects.filter(({ kind }) => kind === 'address').map(addressing));
  return new Set(
    objects.filter((object) => object.kind === 'route' && !addressed.has(addressing(object))).map(addressing),
  );
}

/** Addresses that share a slot with a leaving one, and the routes of its link: the kernel may take them along. */
function disturbedAddressing(have: Items, leaving: ReadonlySet<string>): string[] {
  const addresses = [...have.values()].filter((item) => leaving.has(item.key) && item.object.kind === 'address');
  const sharedSlots = new Set(addresses.flatMap((item) => slots(item.object)));
  const links = new Set(addresses.map((item) => addressing(item.object)));
  return [...have.values()]
    .filter(({ object }) => {
      if (object.kind === 'route') return links.has(addressing(object));
      return object.kind === 'address' && slots(object).some((slot) => sharedSlots.has(slot));
    })
    .map((item) => item.key);
}

/** Parents come before children in the order, so one pass finds everything that falls. */
function withDependents(have: Items, keys: ReadonlySet<string>): ReadonlySet<string> {
  if (keys.size === 0) return keys;
  const makers = linkMakers([...have.values()].map((item) => item.object));
  const fallen = new Set(keys);
  for (const { key, object } of have.values())
    if (parents(object, makers).some((parent) => fallen.has(parent))) fallen.add(key);
  return fallen;
}

/** What hangs on something that is deleted goes with it. */
function deletions(have: Items, keys: ReadonlySet<string>): Op[] {
  if (keys.size === 0) return [];
  const makers = linkMakers([...have.values()].map((item) => item.object));
  return [...have.values()]
    .filter(({ key, object }) => keys.has(key) && !parents(object, makers).some((parent) => keys.has(parent)))
    .map(({ object }): Op => ({ kind: 'delete', object }))
    .reverse();
}
