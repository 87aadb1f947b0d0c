/** Names of network interfaces: 1 to 15 bytes (IFNAMSIZ), rules of the kernel's dev_valid_name and of CNI. */
import { err, ok, type Result } from './result.ts';

export type IfName = string & { readonly __brand: 'IfName' };

export function parseIfName(text: string): Result<IfName> {
  const legal = /^[\x21-\x7e]{1,15}$/.test(text) && !/[/:]/.test(text) && text !== '.' && text !== '..';
  return legal
    ? ok(text as IfName)
    : err(`"${text}" is not an interface name: 1 to 15 characters, no space, "/" or ":", not "." or ".."`);
}
