// One of the two sides of a comparison: a plugin, and a node to call it on.

export interface Side extends AsyncDisposable {
  readonly name: string;
  /** Makes what a runtime makes before it calls the plugin: the sandbox, and for ours the Pod. Not timed. */
  prepare(pod: string): Promise<void>;
  /** Calls the plugin as a runtime does; milliseconds from exec to exit. Throws when the plugin fails. */
  call(verb: 'ADD' | 'DEL', pod: string): Promise<number>;
}
