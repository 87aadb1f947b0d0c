/** What a plan consists of, and what came of it. */
import type { KernelObject, NetnsRef } from './object.ts';

/** `create` fails when the object exists; `change` keeps what hangs on the object; `delete` succeeds when it is gone already. */
export type Op =
  | { readonly kind: 'create'; readonly object: KernelObject }
  | { readonly kind: 'change'; readonly object: KernelObject; readonly from: KernelObject }
  | { readonly kind: 'delete'; readonly object: KernelObject };

export interface FailedOp {
  readonly op: Op;
  /** The kernel's own words where it gave any (extended ACK). */
  readonly error: Error;
}

/** Ops that depend on a failed one are failed too, with an error that names the cause. */
export interface Applied {
  readonly done: readonly Op[];
  readonly failed: readonly FailedOp[];
}

/** The kernel as the agent uses it; the real one and the fake behave alike. */
export interface Kernel {
  /** Everything of ours in a namespace; nothing when the namespace does not exist. */
  observe(netns: NetnsRef): Promise<readonly KernelObject[]>;
  /** The namespaces that we own on this node. */
  listNetns(): Promise<readonly NetnsRef[]>;
  /** Carries ops out in order. Never throws for what the kernel refuses. */
  apply(ops: readonly Op[]): Promise<Applied>;
  /** Calls back when something changed in a namespace (coalesced; also for our own changes). Returns its undoing. */
  watch(changed: (netns: NetnsRef) => void): () => void;
  close(): Promise<void>;
}
