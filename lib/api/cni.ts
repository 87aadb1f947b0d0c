/**
 * The vocabulary of the CNI specification 1.1.0 (https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md): versions,
 * commands, error codes. The environment is in cni-env.ts, the configuration in cni-config.ts, results in cni-result.ts.
 */

/** Oldest first. */
export const CNI_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];
export const CNI_VERSION_NEWEST: CniVersion = '1.1.0';

export const CNI_COMMANDS = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const;
export type CniCommand = (typeof CNI_COMMANDS)[number];

/** The version that brought a command (SPEC section 2); the others are as old as the oldest that we speak. */
const COMMAND_SINCE: Partial<Record<CniCommand, CniVersion>> = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' };

/** SPEC section 5, "Error": 1 to 99 are the specification's, 100 and up are ours. */
export const CNI_CODE = {
  incompatibleVersion: 1,
  /** The message names the key and its value. */
  unsupportedField: 2,
  unknownContainer: 3,
  /** The message names the variable. */
  invalidEnvironment: 4,
  io: 5,
  undecodable: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  /** STATUS: an ADD would fail. */
  notAvailable: 50,
  /** STATUS: an ADD would fail, and containers that are running may have lost their connections. */
  limitedConnectivity: 51,
  networkNotFound: 100,
  networkNotReady: 101,
  /** The pod may not attach: the network is not attachable, or its selector does not match. */
  notPermitted: 102,
  addressesExhausted: 103,
  addressInUse: 104,
  /** An address that lies in no subnet of the network, or that is reserved. */
  addressNotUsable: 105,
  interfaceExists: 106,
  /** CHECK: the message names what is missing or different. */
  checkFailed: 107,
  internal: 199,
} as const;
export type CniCode = (typeof CNI_CODE)[keyof typeof CNI_CODE];

/** What a runtime is told when a verb fails. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: CniCode;
  /** The longer story: causes, and where to look. */
  readonly details: string | undefined;

  constructor(code: CniCode, message: string, details?: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The error document of SPEC section 5, one line. `cniVersion` is the input's own, known to us or not. */
export function formatError(error: CniError, cniVersion: string): string {
  const { code, message: msg, details } = error;
  return JSON.stringify({ cniVersion, code, msg, ...(details === undefined ? {} : { details }) });
}

/** The answer to VERSION. */
export const formatVersions = (cniVersion: string): string =>
  JSON.stringify({ cniVersion, supportedVersions: CNI_VERSIONS });

const isVersion = (text: string | undefined): text is CniVersion =>
  (CNI_VERSIONS as readonly (string | undefined)[]).includes(text);

/** Throws CniError 1. `text` is undefined where the configuration has no cniVersion, which means 0.1.0. */
export function parseCniVersion(text: string | undefined): CniVersion {
  if (isVersion(text)) return text;
  const found = text === undefined ? 'the configuration has no cniVersion' : `cniVersion ${JSON.stringify(text)}`;
  throw new CniError(
    CNI_CODE.incompatibleVersion,
    `${found}: warren supports ${CNI_VERSIONS.join(', ')}; set one of them`,
  );
}

/** Throws CniError 1 for a command that the version did not have yet. */
export function checkCommandVersion(command: CniCommand, version: CniVersion): void {
  const since = COMMAND_SINCE[command];
  if (since === undefined || isAtLeast(version, since)) return;
  const message = `${command} needs cniVersion ${since} or later, the configuration says ${version}`;
  throw new CniError(CNI_CODE.incompatibleVersion, message);
}

export const isAtLeast = (version: CniVersion, least: CniVersion): boolean =>
  CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(least);
