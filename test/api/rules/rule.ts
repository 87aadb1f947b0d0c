/** A rule of the API as a table: what keeps to it, and what does not with the words of the refusal. */
import type { JsonObject } from '../../../lib/lab/apiserver/json.ts';

export type Kind = 'networks' | 'addresspools' | 'networkendpoints' | 'nodepeers' | 'networkclaims';

/** A write that somebody tries. */
export interface Attempt {
  /** Default: `blue`. */
  readonly name?: string;
  readonly spec: JsonObject;
  /** The object is there already, with this spec and status: the attempt is an update of its spec. */
  readonly from?: { readonly spec: JsonObject; readonly status?: JsonObject };
}

export interface Refused extends Attempt {
  /** The whole message after `Invalid value: `, with the field before it. */
  readonly says: RegExp;
}

export interface Rule {
  readonly rule: string;
  readonly of: Kind;
  readonly good: readonly Attempt[];
  readonly bad: readonly Refused[];
}
