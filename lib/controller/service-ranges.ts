/** The ranges of Services: kept off by what the pools give, warned about where a Network names them itself. */
import { type ServiceCIDR, serviceCIDRs } from '../api/service-cidr.ts';
import type { KubeClient } from '../kube/client.ts';
import { hasReason } from '../kube/error.ts';
import { parsePrefix, type Prefix } from '../net/address.ts';
import type { Neighbours } from './neighbours.ts';
import { free, take, type Taken, type Values } from './taken.ts';

/** By the name of the ServiceCIDR. */
export type ServiceRanges = ReadonlyMap<string, readonly Prefix[]>;

/** None where the server has no such kind, or lets us not see it. Throws ApiError when it cannot be found out. */
export async function listServiceRanges(client: KubeClient): Promise<ServiceRanges> {
  try {
    const { items } = await client.list(serviceCIDRs);
    return new Map(items.map((one) => [one.metadata.name, rangesOf(one)]));
  } catch (error) {
    if (hasReason(error, 'NotFound') || hasReason(error, 'Forbidden')) return new Map();
    throw error;
  }
}

const rangesOf = ({ spec }: ServiceCIDR): readonly Prefix[] =>
  [...new Set(spec.cidrs)].flatMap((text) => {
    const parsed = parsePrefix(text);
    return parsed.ok ? [parsed.value] : [];
  });

/** Takes over new ranges in place of the ones before. Returns the Networks that this concerns. */
export function createServiceRanges(taken: Taken, neighbours: Neighbours): (now: ServiceRanges) => ReadonlySet<string> {
  let before: ServiceRanges = new Map();
  return (now) => {
    take(taken, valuesOf(now));
    free(taken, valuesOf(before));
    const names = new Set([...before.keys(), ...now.keys()]);
    const concerned = [...names].flatMap((name) => [
      ...neighbours.replace('Services', name, before.get(name) ?? [], now.get(name) ?? []),
    ]);
    before = now;
    return new Set(concerned);
  };
}

const valuesOf = (ranges: ServiceRanges): Values => ({ subnets: [...ranges.values()].flat(), vnis: [] });
