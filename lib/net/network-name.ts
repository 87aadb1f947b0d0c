/** Names of Networks. They go into NetworkEndpoint names and label values: a DNS label (RFC 1123). */
import { err, ok, type Result } from './result.ts';

const NETWORK_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function parseNetworkName(text: string): Result<string> {
  return NETWORK_NAME.test(text)
    ? ok(text)
    : err(
        `"${text}" is not a network name: 1 to 63 lower-case letters, digits or "-", starting and ending with a letter or digit`,
      );
}
