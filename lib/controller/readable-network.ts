/** Networks as the controller reads them: one whose status makes no sense is not lost, since the controller can write it anew. */
import * as z from 'zod';
import { type Network, networkSchema, networks } from '../api/network.ts';
import type { Resource } from '../api/meta.ts';

export type ReadableNetwork = Network & {
  /** Somebody wrote into the status what is none: it is read as if there were none. */
  readonly hasUnreadableStatus?: true;
};

const withoutStatus = z.object({ status: z.unknown() }).loose();

export const readableNetworks: Resource<ReadableNetwork> = {
  ...networks,
  schema: z.unknown().transform((value, ctx): ReadableNetwork => {
    const whole = networkSchema.safeParse(value);
    if (whole.success) return whole.data;
    const object = withoutStatus.safeParse(value).data;
    const rest = networkSchema.safeParse({ ...object, status: undefined });
    if (rest.success) return { ...rest.data, hasUnreadableStatus: true };
    for (const issue of whole.error.issues) ctx.addIssue({ ...issue });
    return z.NEVER;
  }),
};
