/**
 * Which sysctls are ours to watch over: those that we have set since this process started. A kernel cannot be asked who set
 * one, so after a restart the first plan sets each again, which changes nothing.
 */
import type { NetnsRef } from '../../dataplane/object.ts';

export class SysctlKeys {
  readonly #keys = new Map<NetnsRef, Set<string>>();

  of(netns: NetnsRef): readonly string[] {
    return [...(this.#keys.get(netns) ?? [])];
  }

  add(netns: NetnsRef, key: string): void {
    const keys = this.#keys.get(netns) ?? new Set();
    this.#keys.set(netns, keys.add(key));
  }

  remove(netns: NetnsRef, key: string): void {
    this.#keys.get(netns)?.delete(key);
  }

  forget(netns: NetnsRef): void {
    this.#keys.delete(netns);
  }
}
