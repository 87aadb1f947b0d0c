/** Controllers as they are deployed, as processes, on a real API server where one was built, else on the embedded one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Lease, leases } from '../../lib/api/lease.ts';
import { SYSTEM_NAMESPACE } from '../../lib/api/meta.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { hasReason } from '../../lib/kube/error.ts';
import { findPrograms } from '../../lib/lab/programs.ts';
import { type Api, embeddedApi, realApi } from '../api/harness.ts';
import { builtAssets } from '../cluster/assets.ts';

/** `KUBEBUILDER_ASSETS` or what `make cluster` built. */
export function hasRealServer(): boolean {
  if (process.env['KUBEBUILDER_ASSETS']) return true;
  try {
    return builtAssets() !== '';
  } catch {
    return false;
  }
}

export const startServer = (owner: Pick<Test, 'teardown'>): Promise<Api> =>
  hasRealServer() ? realApi(owner) : embeddedApi(owner);

export interface ControllerProcess {
  /** How it calls itself in the Lease begins so. */
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
}

/** Ends with the test. */
export function startProgram(t: Test, api: Api, ...flags: readonly string[]): ControllerProcess {
  const kubeconfig = join(t.testdir({}), 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  const argv = ['--kubeconfig', kubeconfig, '--log-level', 'error', ...flags];
  const child = spawn(findPrograms().controller, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

/** The controllers' Lease; undefined before there is one. */
export async function leaseOf(client: KubeClient): Promise<Lease | undefined> {
  try {
    return await client.get(leases, 'warren-controller', { namespace: SYSTEM_NAMESPACE });
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
