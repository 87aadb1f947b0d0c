/** The watches that are open, so that faults and the server's end can reach them. */

export interface OpenWatch {
  readonly user: string;
  readonly plural: string;
  /** Cuts the connection without a word. */
  drop(): void;
  /** Tells the client that its version is gone, and ends. */
  expire(): void;
  /** Looks again whether it may send. */
  wake(): void;
}

export class Watchers {
  readonly #open = new Set<OpenWatch>();

  add(watch: OpenWatch): void {
    this.#open.add(watch);
  }
  remove(watch: OpenWatch): void {
    this.#open.delete(watch);
  }
  /** A copy: what is done to a watch may remove it. */
  all(): OpenWatch[] {
    return [...this.#open];
  }
}
