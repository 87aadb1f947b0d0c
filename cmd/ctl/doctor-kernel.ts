/** Tries, in namespaces of its own that go away with the process, whether the kernel accepts all that a network consists of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { KernelSeen, RefusedObject } from '../../lib/ctl/doctor-node.ts';
import type { LocalEndpoint } from '../../lib/dataplane/endpoint.ts';
import type { KernelObject } from '../../lib/dataplane/object.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import { renderObject } from '../../lib/dataplane/text.ts';
import { desiredGateway } from '../../lib/gateway/desired.ts';
import { VXLAN_PORT } from '../../lib/gateway/pod-network.ts';
import { openKernel } from '../../lib/kernel/linux.ts';
import { createNetns } from '../../lib/kernel/netns/netns.ts';
import { createNftDriver } from '../../lib/kernel/nft/driver.ts';
import { parseJson } from '../../lib/kube/error.ts';
import { runCommand } from '../../lib/lab/command.ts';
import { makeHostPrefix, parseIp, parsePrefix } from '../../lib/net/address.ts';
import { parseIfName } from '../../lib/net/ifname.ts';
import { macFromIp } from '../../lib/net/mac.ts';
import { must } from '../../lib/net/result.ts';
import { parseVni } from '../../lib/net/vni.ts';
import { desiredNetwork } from '../../lib/overlay/desired.ts';

/** The hidden flag under which the program runs itself for the trial. */
export const TRIAL_FLAG = 'kernel-trial';
const TIMEOUT_MS = 30_000;

const trialSchema = z.object({
  objects: z.number(),
  refused: z.array(z.object({ object: z.string(), error: z.string() })),
});

/** In a child, because a process that is in another network namespace is of no other use. */
export async function tryKernel(): Promise<KernelSeen> {
  const self = [process.execPath, process.argv[1] ?? '', 'doctor', `--${TRIAL_FLAG}`];
  const apart = ['unshare', '--net', '--mount', '--propagation', 'private', '--'];
  try {
    const done = await runCommand([...apart, ...self], { timeout: TIMEOUT_MS });
    const trial = trialSchema.safeParse(parseJson(done.stdout));
    if (trial.success) return { kind: 'tried', release: release(), ...trial.data };
    return { kind: 'not tried', reason: done.stderr.trim() || `exit status ${done.status}` };
  } catch (error) {
    return { kind: 'not tried', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What the child does: prints as JSON how many objects it tried, and which the kernel refused. */
export async function runTrial(): Promise<void> {
  const dir = mkdtempSync('/run/warren-doctor-');
  try {
    const netnsDir = join(dir, 'netns') as `/${string}`;
    const kernel = await openKernel({ netnsDir, nft: createNftDriver() });
    const sandbox = `${netnsDir}/container` as const;
    createNetns(sandbox);
    const objects = trialObjects(netnsDir, sandbox);
    const { failed } = await kernel.apply(plan(objects, []));
    const refused = failed.map(({ op, error }): RefusedObject => {
      return { object: renderObject(op.object), error: error.message };
    });
    await kernel.close();
    process.stdout.write(JSON.stringify({ objects: objects.length, refused }));
  } finally {
    // The namespaces' names are mounts of this mount namespace, which ends with the process.
    rmSync(dir, { recursive: true, force: true, maxRetries: 0 });
  }
}

const ip = (text: string) => must(parseIp(text));
const prefix = (text: string) => must(parsePrefix(text));
const VTEP = ip('192.0.2.1');
const OTHER_VTEP = ip('192.0.2.2');
const MTU = 1400;

/** A gateway bridge, a peer, and one network with a container here and one elsewhere. */
function trialObjects(netnsDir: `/${string}`, sandbox: `/${string}`): readonly KernelObject[] {
  const gateway = desiredGateway({
    subnets: [prefix('198.51.100.0/24')],
    mtu: MTU,
    vteps: [VTEP],
    tunnelPorts: [VXLAN_PORT],
    icc: true,
    masquerade: true,
    endpoints: [endpointIn(sandbox, 'eth0', '198.51.100.2')],
    peers: [{ gatewaySubnets: [prefix('203.0.113.0/24')], vteps: [OTHER_VTEP] }],
  });
  const elsewhere = { addresses: [makeHostPrefix(ip('10.0.0.3'), 24)], mac: macFromIp(ip('10.0.0.3')) };
  const network = desiredNetwork({
    netnsDir,
    vni: must(parseVni(4096)),
    mtu: MTU,
    port: VXLAN_PORT,
    vtep: VTEP,
    subnets: [{ cidr: prefix('10.0.0.0/24'), gateway: ip('10.0.0.1') }],
    local: [endpointIn(sandbox, 'net1', '10.0.0.2')],
    remote: [{ name: 'doctor', ...elsewhere, vtep: OTHER_VTEP }],
  });
  return [...gateway, ...network];
}

const endpointIn = (sandbox: `/${string}`, ifname: string, address: string): LocalEndpoint => ({
  containerID: 'doctor',
  ifname: must(parseIfName(ifname)),
  sandbox,
  mac: macFromIp(ip(address)),
  addresses: [makeHostPrefix(ip(address), 24)],
});
