/** VXLAN network identifiers, 24 bits (RFC 7348 section 5). */
import { err, ok, type Result } from './result.ts';

export type Vni = number & { readonly __brand: 'Vni' };

/** The range that users and the controller draw from; below it is reserved, as in Docker. */
export const VNI_MIN = 4096;
export const VNI_MAX = 16_777_215;
/** Carries the pod network between gateway bridges: outside the range, so no network can collide with it. */
export const POD_NETWORK_VNI = 4095 as Vni;

export function parseVni(value: unknown): Result<Vni> {
  if (typeof value === 'number' && Number.isInteger(value) && value >= VNI_MIN && value <= VNI_MAX)
    return ok(value as Vni);
  return err(`${JSON.stringify(value)} is not a VNI: write a whole number from ${VNI_MIN} to ${VNI_MAX}`);
}
