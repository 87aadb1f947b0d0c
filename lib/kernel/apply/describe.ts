/** Ops in words that follow "cannot" in an error. */
import type { Op } from '../../dataplane/op.ts';
import { describeObject } from '../../dataplane/text.ts';

export const describe = ({ kind, object }: Op): string => `${kind} ${describeObject(object)}`;
