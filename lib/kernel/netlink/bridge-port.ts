/** Flags of a bridge port (linux/if_link.h, IFLA_BRPORT_*), as in `bridge link set`. */
import { type Attributes, attribute, flagAttribute } from './attribute.ts';
import { readFlag } from './bytes.ts';

export interface PortFlags {
  readonly learning?: boolean;
  readonly locked?: boolean;
  readonly isolated?: boolean;
  readonly neighSuppress?: boolean;
  readonly hairpin?: boolean;
  readonly flood?: boolean;
  readonly mcastFlood?: boolean;
  readonly bcastFlood?: boolean;
}

const TYPES: { readonly [Flag in keyof PortFlags]-?: number } = {
  hairpin: 4,
  learning: 8,
  flood: 9,
  mcastFlood: 27,
  bcastFlood: 30,
  neighSuppress: 32,
  isolated: 33,
  locked: 39,
};
const FLAGS = Object.keys(TYPES) as readonly (keyof PortFlags)[];

/** The flags that are given; the others stay as they are. */
export const encodePortFlags = (port: PortFlags): Buffer =>
  Buffer.concat(FLAGS.map((flag) => flagAttribute(TYPES[flag], port[flag])));

/** Throws NetlinkDecodeError. A kernel that lacks a flag does not report it. */
export function decodePortFlags(attributes: Attributes): PortFlags {
  const known = FLAGS.map((flag) => [flag, attribute(attributes, TYPES[flag], readFlag)] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== undefined));
}
