/** ADD: claims in the API, journal on disk, kernel, answer. What was done before a failure is undone by the way of DEL. */
import { CNI_CODE, CniError } from '../api/cni.ts';
import type { NetConf } from '../api/cni-netconf.ts';
import type { CniResult } from '../api/cni-result.ts';
import type { Pod } from '../api/core.ts';
import type { IfName } from '../net/ifname.ts';
import { attachmentKey, type Attachment, type InterfaceRecord, keyOf } from '../store/attachment.ts';
import { errorMessage } from '../telemetry/log.ts';
import { allDone, within } from './all-done.ts';
import { attachmentResult } from './attach-result.ts';
import type { ClaimOwner } from './claim.ts';
import { asCniError, kernelFailure } from './failure.ts';
import type { Parts } from './parts.ts';
import { finishRelease, release } from './release.ts';
import { interfaceObjects, overlayMtu, scopeOf, tunnelMtu, type View } from './view.ts';
import { type AddCall, readyNetwork, type ReadyNetwork, type Wanted, wantedInterfaces } from './wanted.ts';

/** How long an ADD waits for what the agent does not know yet; the whole must fail within 5 s. */
const PATIENCE_MS = 2500;
/** Nobody waits for the pod's annotation: the runtime gets its answer first, and the next pod its turn. */
const REPORT_DELAY_MS = 50;

export async function attach(parts: Parts, call: AddCall, conf: NetConf): Promise<CniResult> {
  const view = readyView(parts);
  const earlier = parts.journal.get(attachmentKey(call.containerID, call.ifname));
  if (earlier?.state === 'attached' && earlier.netns === call.netns) return await again(parts, view, earlier);
  if (earlier !== undefined) await undo(parts, earlier);
  const pod = await podOf(parts, call);
  try {
    const wanted = wantedInterfaces(call, conf, pod);
    return await make(parts, view, { call, conf, pod, wanted, networks: await lookUp(parts, wanted, pod) });
  } catch (error) {
    const failure = asCniError(error);
    if (pod !== undefined) parts.podEvent({ ...pod.metadata }, 'FailedAttach', failure.message);
    throw failure;
  }
}

function readyView(parts: Parts): View {
  const view = parts.view();
  if (view !== undefined && view.node.gatewaySubnets.length > 0 && parts.cluster.isReady()) return view;
  throw new CniError(
    CNI_CODE.tryAgainLater,
    'the agent of this node is starting: it has not heard yet from the API server and the controller; the runtime tries again',
  );
}

/** The runtime asks again after a time-out of its own: the same answer, and nothing is made twice. */
async function again(parts: Parts, view: View, earlier: Attachment): Promise<CniResult> {
  await allDone([record(parts, earlier), program(parts, view, earlier, earlier.interfaces)]);
  return attachmentResult(view, earlier);
}

async function record(parts: Parts, attachment: Attachment): Promise<void> {
  try {
    await parts.journal.put(attachment);
  } catch (error) {
    const message = `cannot write the journal in ${parts.config.stateDir}: ${errorMessage(error)}; see to that disk`;
    throw new CniError(CNI_CODE.io, message);
  }
}

async function undo(parts: Parts, attachment: Attachment): Promise<void> {
  await release(parts, attachment);
  await finishRelease(parts, attachment);
}

async function podOf(parts: Parts, call: AddCall): Promise<Pod | undefined> {
  if (call.pod === undefined) return undefined;
  const { namespace, name, uid } = call.pod;
  const pod = await parts.cluster.pod(namespace, name, uid);
  if (pod !== undefined) return pod;
  throw new CniError(CNI_CODE.unknownContainer, `pod ${namespace}/${name} does not exist any more: nothing to attach`);
}

type Networks = ReadonlyMap<string, ReadyNetwork>;

/** Whatever can be refused is refused here, before anything is made. */
async function lookUp(parts: Parts, { overlays }: Wanted, pod: Pod | undefined): Promise<Networks> {
  const names = overlays.map(({ network }) => network);
  const networks = new Map(names.map((name) => [name, readyNetwork(name, parts.cluster.network(name), pod)]));
  await within(PATIENCE_MS, Promise.all([...networks.keys()].map((name) => parts.cluster.followed(name))));
  return networks;
}

interface Order {
  readonly call: AddCall;
  readonly conf: NetConf;
  readonly pod: Pod | undefined;
  readonly wanted: Wanted;
  readonly networks: Networks;
}

/**
 * eth0 is made while the claims travel, the overlay interfaces while the disk writes: the answer waits for all of it, and what a
 * crash leaves without a journal entry the next start removes (docs/adr/0007-answer-after-the-journal.md).
 */
async function make(parts: Parts, view: View, order: Order): Promise<CniResult> {
  const first = newAttachment(parts, view, order);
  parts.journal.hold(first);
  try {
    const work = [claimAndRecord(parts, view, order, first), program(parts, view, first, first.interfaces)] as const;
    const [whole] = await allDone(work);
    parts.reports.addAfter(keyOf(whole), REPORT_DELAY_MS);
    return attachmentResult(view, whole);
  } catch (error) {
    await undo(parts, parts.journal.get(keyOf(first)) ?? first).catch((cause: unknown) =>
      parts.log.warn({ err: cause, attachment: keyOf(first) }, 'a failed ADD is not undone: trying again'),
    );
    throw error;
  }
}

async function claimAndRecord(parts: Parts, view: View, order: Order, first: Attachment): Promise<Attachment> {
  const claimed = await claimAll(parts, view, order);
  const whole: Attachment = { ...first, interfaces: [...first.interfaces, ...claimed] };
  parts.journal.hold(whole);
  const work = [program(parts, view, whole, claimed), record(parts, whole)] as const;
  parts.attachmentsChanged();
  await allDone(work);
  return whole;
}

function newAttachment(parts: Parts, view: View, { call, conf, pod, wanted }: Order): Attachment {
  const { containerID, ifname } = call;
  const take = (name: IfName): InterfaceRecord =>
    parts.gatewayAddresses.take(view.node.gatewaySubnets, name, tunnelMtu(view.node), conf.runtimeConfig.ips);
  const interfaces = wanted.gateway === undefined ? [] : [take(wanted.gateway)];
  const base = { version: 1, containerID, ifname, configName: conf.name, state: 'attached', interfaces } as const;
  const netns = call.netns as `/${string}`;
  if (pod === undefined) return { ...base, netns, interfaces };
  const { namespace, name, uid } = pod.metadata;
  return { ...base, netns, interfaces, pod: { namespace, name, uid } };
}

/** All or none. */
async function claimAll(parts: Parts, view: View, order: Order): Promise<InterfaceRecord[]> {
  const owner = ownerOf(parts, order);
  const attempts = order.wanted.overlays.map((request) => {
    const on = order.networks.get(request.network);
    if (on === undefined) throw new Error(`network ${request.network} was not looked up`);
    return parts.claims.claim(owner, on, request, overlayMtu(view.node, on.network));
  });
  const settled = await Promise.allSettled(attempts);
  const claimed = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed === undefined) return claimed;
  // What cannot be given back now has no journal entry: the sweep of this node's claims finds it.
  const given = claimed.flatMap(({ on }) => (on.kind === 'overlay' ? [parts.claims.release(on)] : []));
  await Promise.allSettled(given);
  throw failed.reason;
}

function ownerOf(parts: Parts, { call, pod }: Order): ClaimOwner {
  const base = { nodeName: parts.config.nodeName, containerID: call.containerID };
  if (pod === undefined) return { ...base, pod: undefined };
  const { namespace, name, uid } = pod.metadata;
  return { ...base, pod: { namespace, name, uid } };
}

async function program(parts: Parts, view: View, attachment: Attachment, which: readonly InterfaceRecord[]) {
  const rounds = which.map((one) => parts.scopes.ensure(scopeOf(one, view), interfaceObjects(view, attachment, one)));
  const failure = kernelFailure((await Promise.all(rounds)).flat());
  if (failure !== undefined) throw failure;
}
