/** Why no address, subnet or VNI was given. */

export interface IpamError {
  readonly code: 'exhausted' | 'outside' | 'reserved' | 'in-use' | 'unpaired';
  /** One sentence that names the network or pool, the value, and what to do. */
  readonly message: string;
}
