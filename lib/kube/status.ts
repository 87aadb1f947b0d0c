/** Conditions, and the smallest patch that brings a status to where it should be. */
import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../api/meta.ts';

/** A condition as it was decided; when it changed is found out by comparison. */
export type Verdict = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** metav1.Time: whole seconds, UTC. */
export const apiTime = (at: Date): string => at.toISOString().replace(/\.\d{3}Z$/, 'Z');

/**
 * The conditions with each verdict in its place; others stay. `lastTransitionTime` moves only when `status` changes, as the API
 * conventions have it.
 */
export function setConditions(
  current: readonly Condition[] | undefined,
  verdicts: readonly Verdict[],
  of: { readonly generation: number | undefined; readonly now: Date },
): Condition[] {
  const before = new Map((current ?? []).map((condition) => [condition.type, condition]));
  for (const verdict of verdicts) {
    const old = before.get(verdict.type);
    const lastTransitionTime = old?.status === verdict.status ? old.lastTransitionTime : apiTime(of.now);
    const observedGeneration = of.generation === undefined ? {} : { observedGeneration: of.generation };
    before.set(verdict.type, { ...verdict, ...observedGeneration, lastTransitionTime });
  }
  return [...before.values()];
}

export const findCondition = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

/**
 * The members that differ, as a JSON merge patch; undefined when none does. A member that should not be there is set to null;
 * members that `wanted` does not name are left alone.
 */
export function mergePatchOf(current: object, wanted: object): object | undefined {
  const now = new Map<string, unknown>(Object.entries(current));
  const differing = Object.entries(wanted).filter(([key, value]) => !isDeepStrictEqual(now.get(key), value));
  if (differing.length === 0) return undefined;
  return Object.fromEntries(differing.map(([key, value]) => [key, value === undefined ? null : value]));
}
