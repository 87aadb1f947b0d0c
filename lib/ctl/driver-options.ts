/** Docker's `--opt` of the overlay driver, and what each is in a Network's spec; back again for `network inspect`. */
import { MTU_MIN, type Network } from '../api/network.ts';
import { err, ok, type Result } from '../net/result.ts';
import { parseVni } from '../net/vni.ts';

const MTU = 'com.docker.network.driver.mtu';
const VNI_LIST = 'com.docker.network.driver.overlay.vxlanid_list';
const ENCRYPTED = 'encrypted';
const KNOWN = [ENCRYPTED, MTU, VNI_LIST] as const;

export interface DriverOptions {
  readonly encrypted?: boolean;
  /** Largest packet on the network, bytes. */
  readonly mtu?: number;
  readonly vni?: number;
}

/** What VXLAN adds to a packet; Docker's ESP adds 26 more and rounds to a multiple of four. */
const VXLAN_BYTES = 50;
const ESP_BYTES = 26;

/** Docker's option is the MTU of the underlay, ours that of the network. */
const innerMtu = (underlay: number, encrypted: boolean): number => {
  const inner = underlay - VXLAN_BYTES;
  return encrypted ? (inner - ESP_BYTES) & ~3 : inner;
};
const outerMtu = (inner: number, encrypted: boolean): number => inner + VXLAN_BYTES + (encrypted ? ESP_BYTES : 0);

/** `key` or `key=value`, as `--opt` gives them. */
export function parseDriverOptions(options: readonly string[]): Result<DriverOptions> {
  const values = new Map(options.map(splitOption));
  const unknown = [...values.keys()].find((key) => !KNOWN.some((one) => one === key));
  if (unknown !== undefined) return err(`--opt ${unknown}: unknown; known are ${KNOWN.join(', ')}`);
  const encrypted = readFlag(values.get(ENCRYPTED));
  if (!encrypted.ok) return encrypted;
  const mtu = readMtu(values.get(MTU), encrypted.value === true);
  if (!mtu.ok) return mtu;
  const vni = readVni(values.get(VNI_LIST));
  if (!vni.ok) return vni;
  return ok({
    ...(encrypted.value === true ? { encrypted: true } : {}),
    ...(mtu.value === undefined ? {} : { mtu: mtu.value }),
    ...(vni.value === undefined ? {} : { vni: vni.value }),
  });
}

const splitOption = (option: string): readonly [string, string] => {
  const at = option.indexOf('=');
  return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
};

function readFlag(text: string | undefined): Result<boolean | undefined> {
  if (text === undefined) return ok(undefined);
  if (['', 'true', '1'].includes(text)) return ok(true);
  if (['false', '0'].includes(text)) return ok(false);
  return err(`--opt encrypted=${text}: write --opt encrypted, or leave it out`);
}

function readMtu(text: string | undefined, encrypted: boolean): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const underlay = Number(text);
  const least = outerMtu(MTU_MIN, encrypted);
  if (!Number.isInteger(underlay) || underlay < least || underlay > 65_535) {
    return err(`--opt ${MTU}=${text}: write the underlay's MTU, a whole number from ${least} to 65535`);
  }
  return ok(innerMtu(underlay, encrypted));
}

function readVni(text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  if (text.includes(',')) return err(`--opt ${VNI_LIST}=${text}: a network has one VNI here, for all of its subnets`);
  const vni = parseVni(text === '' ? undefined : Number(text));
  return vni.ok ? vni : err(`--opt ${VNI_LIST}=${text}: ${vni.error}`);
}

/** As `docker network inspect` shows them. */
export function dockerOptions({ spec, status }: Network): ReadonlyMap<string, string> {
  const vni = status.vni ?? spec.vni;
  const options: readonly (readonly [string, string | undefined])[] = [
    [MTU, spec.mtu === undefined ? undefined : String(outerMtu(spec.mtu, spec.encrypted))],
    [VNI_LIST, vni === undefined ? undefined : String(vni)],
    [ENCRYPTED, spec.encrypted ? '' : undefined],
  ];
  return new Map(options.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}
