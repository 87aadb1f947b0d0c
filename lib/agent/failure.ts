/** Turns whatever went wrong inside a verb into the CniError that the runtime is told. */
import { type CniCode, CNI_CODE, CniError } from '../api/cni.ts';
import type { FailedOp } from '../dataplane/op.ts';
import type { IpamError } from '../ipam/error.ts';
import { ApiError } from '../kube/error.ts';

export function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof ApiError) return apiFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  return new CniError(CNI_CODE.internal, `internal error: ${message}; see the agent's log`);
}

function apiFailure(error: ApiError): CniError {
  if (!error.retryable) return new CniError(CNI_CODE.internal, `the API server refused: ${error.message}`);
  return new CniError(
    CNI_CODE.tryAgainLater,
    'the API server cannot be reached or is overloaded: the runtime tries again; running containers are not affected',
    error.message,
  );
}

const IPAM_CODES: Readonly<Record<IpamError['code'], CniCode>> = {
  exhausted: CNI_CODE.addressesExhausted,
  'in-use': CNI_CODE.addressInUse,
  outside: CNI_CODE.addressNotUsable,
  reserved: CNI_CODE.addressNotUsable,
  unpaired: CNI_CODE.addressNotUsable,
};

export const addressFailure = ({ code, message }: IpamError): CniError => new CniError(IPAM_CODES[code], message);

/** The first failure is the cause; the others mostly follow from it. */
export function kernelFailure(failed: readonly FailedOp[]): CniError | undefined {
  const [first] = failed;
  if (first === undefined) return undefined;
  const { object } = first.op;
  const isTaken = object.kind === 'veth' && /EEXIST/.test(first.error.message);
  if (isTaken) {
    const message = `interface ${object.peer.name} exists already in ${object.peer.netns}: remove it, or choose another name`;
    return new CniError(CNI_CODE.interfaceExists, message, first.error.message);
  }
  return new CniError(CNI_CODE.io, first.error.message);
}
