/** Objects of the cluster, each whole, as it came, and parsed. */
import * as z from 'zod';
import { parseWith } from '../../lib/api/field.ts';
import type { Resource } from '../../lib/api/meta.ts';
import type { Network } from '../../lib/api/network.ts';
import { networks } from '../../lib/api/network.ts';
import { CtlError } from '../../lib/ctl/ctl-error.ts';
import { didYouMean } from '../../lib/ctl/near-names.ts';
import type { KubeClient, ListOptions } from '../../lib/kube/client.ts';
import { hasReason } from '../../lib/kube/error.ts';
import { progress } from './command.ts';

const wholeSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional(), resourceVersion: z.string() }),
});
/** With the fields that we do not read. */
export type WholeObject = z.infer<typeof wholeSchema>;

export interface Seen<T> {
  readonly whole: WholeObject;
  readonly object: T;
}

export const wholeOf = <T>(resource: Resource<T>): Resource<WholeObject> => ({ ...resource, schema: wholeSchema });

/** Undefined for an object that is not of its kind; that is said on standard error. */
export function readWhole<T>(resource: Resource<T>, whole: WholeObject): Seen<T> | undefined {
  const parsed = parseWith(resource.schema, whole);
  if (parsed.ok) return { whole, object: parsed.value };
  progress(`${resource.kind} ${whole.metadata.name} is left out, it cannot be read: ${parsed.error}`);
  return undefined;
}

export async function listSeen<T>(
  client: KubeClient,
  resource: Resource<T>,
  options: ListOptions = {},
): Promise<readonly Seen<T>[]> {
  const { items } = await client.list(wholeOf(resource), options);
  return items.map((whole) => readWhole(resource, whole)).filter((one) => one !== undefined);
}

export const listObjects = async <T>(client: KubeClient, resource: Resource<T>, options?: ListOptions) =>
  (await listSeen(client, resource, options)).map((one) => one.object);

/** As `kubectl` names objects: `network.warren.dev/blue`. */
export const objectName = ({ kind, group }: Omit<Resource<unknown>, 'schema'>, name: string): string =>
  `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name}`;

/** By name, by id, or by the first characters of the id. Throws CtlError with the names that are near. */
export async function findNetwork(client: KubeClient, reference: string): Promise<Seen<Network>> {
  try {
    const whole = await client.get(wholeOf(networks), reference);
    const parsed = parseWith(networks.schema, whole);
    if (parsed.ok) return { whole, object: parsed.value };
    throw new CtlError(
      `network ${reference} cannot be read: ${parsed.error}`,
      `look at it with: kubectl get network ${reference} -o yaml`,
    );
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
  const all = await listSeen(client, networks);
  const byId = all.filter(({ object }) => reference.length >= 4 && object.metadata.uid.startsWith(reference));
  const [first, second] = byId;
  if (first !== undefined && second === undefined) return first;
  throw noNetwork(
    reference,
    all.map(({ object }) => object.metadata.name),
  );
}

export const noNetwork = (name: string, names: readonly string[]): CtlError =>
  new CtlError(
    `there is no network "${name}"`,
    didYouMean(
      name,
      names,
      names.length === 0 ? 'there is none yet; create one with "network create"' : 'see "network ls"',
    ),
  );
