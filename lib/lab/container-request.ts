/** `lab run`'s options as a request: what a person typed, checked before anything is made. Pure. */
import { parsePodNetworks } from '../api/pod-networks.ts';
import { err, ok, type Result } from '../net/result.ts';

export interface RunRequest {
  readonly name: string;
  readonly node: string;
  /** The pod's, default `default`. */
  readonly namespace?: string;
  /** The value of its annotation `warren.dev/networks`; none: eth0 alone. */
  readonly networks?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** When attaching fails, leave pod and namespace for a look; `lab rm` removes them. */
  readonly keepOnFailure?: boolean;
}

export interface RunFlags {
  readonly network: readonly string[];
  readonly ip: readonly string[];
  readonly mac?: string | undefined;
  readonly alias: readonly string[];
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** It becomes a Pod's name. */
export function parseContainerName(text: string): Result<string> {
  return NAME.test(text)
    ? ok(text)
    : err(
        `"${text}" is not a container name: 1 to 63 lower-case letters, digits or "-", starting and ending with a letter or digit`,
      );
}

/** The annotation's value: the comma form, or the JSON form where the flags ask for more than names. */
export function networksAnnotation(flags: RunFlags): Result<string | undefined> {
  const { network, ip, mac, alias } = flags;
  const isDetailed = ip.length > 0 || mac !== undefined || alias.length > 0;
  if (isDetailed && network.length !== 1)
    return err(
      '--ip, --mac and --alias need exactly one --network; more networks: give the JSON form with --annotation',
    );
  if (network.length === 0) return ok(undefined);
  const text = isDetailed ? JSON.stringify([detailedEntry(network[0] ?? '', flags)]) : network.join(',');
  const parsed = parsePodNetworks(text);
  return parsed.ok ? ok(text) : parsed;
}

function detailedEntry(network: string, { ip, mac, alias }: RunFlags): Record<string, unknown> {
  const [name, ifname] = network.split('@');
  return {
    name,
    ...(ifname === undefined ? {} : { interface: ifname }),
    ...(ip.length === 0 ? {} : { ips: ip }),
    ...(mac === undefined ? {} : { mac }),
    ...(alias.length === 0 ? {} : { aliases: alias }),
  };
}
