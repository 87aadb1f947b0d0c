/** The container's namespace as the runtime names it: hostile until looked at. */
import { CNI_CODE, CniError } from '../api/cni.ts';
import type { LinuxKernel } from '../kernel/linux.ts';

/** Throws CniError when `path` is no network namespace, or the host's own: nothing must be changed there. */
export function checkSandbox(kernel: Pick<LinuxKernel, 'identity'>, path: `/${string}`): void {
  const identity = kernel.identity(path);
  if (identity === undefined) {
    const message = `CNI_NETNS ${path} is no network namespace: the container is gone, or its namespace is not shared with the agent`;
    throw new CniError(CNI_CODE.unknownContainer, message);
  }
  if (identity !== kernel.identity('host')) return;
  const message = `CNI_NETNS ${path} is the host's own network namespace: a pod with hostNetwork must not be attached`;
  throw new CniError(CNI_CODE.invalidEnvironment, message);
}
