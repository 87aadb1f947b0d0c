import { test } from 'tap';
import { createScopes, type Scopes } from '../../../lib/agent/scopes.ts';
import { desiredScope, interfaceObjects, scopeOf, scopesOf, type View } from '../../../lib/agent/view.ts';
import { type KernelObject, type NetnsRef, objectKey } from '../../../lib/dataplane/object.ts';
import type { FailedOp, Op } from '../../../lib/dataplane/op.ts';
import { renderObject, renderObjects } from '../../../lib/dataplane/text.ts';
import { createFakeKernel, type FakeKernel } from '../../../lib/kernel/fake.ts';
import type { Attachment } from '../../../lib/store/attachment.ts';
import { hostPrefix, ip } from '../dataplane/sample.ts';
import { exampleAttachment } from '../store/example.ts';
import { endpointObject, networkObject, peerObject, viewOf } from './objects.ts';

const scope: NetnsRef = '/run/netns/warren-4097';
const first = exampleAttachment({});
const second = exampleAttachment({
  ...{ containerID: 'c2', netns: '/run/netns/c2' },
  interfaces: first.interfaces.map((one) => ({
    ...{ ...one, mac: endpointObject('blue', '10.0.0.9', 'n1').spec.mac },
    addresses: [hostPrefix(one.on.kind === 'gateway' ? '172.20.0.9/24' : '10.0.0.9/24')],
  })),
});
const full = viewOf({
  attachments: [first, second],
  peers: [peerObject('n2', ['172.30.0.12'], ['172.20.1.0/24'])],
  network: () => networkObject('blue'),
  endpoints: () => [endpointObject('blue', '10.0.0.3', 'n2')],
});

interface World {
  readonly kernel: FakeKernel;
  readonly scopes: Scopes;
  /** What the agent knows; to be changed by the test. */
  view: View;
  maySweep: boolean;
}

function world(view: View, kernel: FakeKernel = createFakeKernel()): World {
  const scopes = createScopes({
    kernel,
    desired: (netns) => desiredScope(made.view, netns),
    isWanted: (netns) => scopesOf(made.view).includes(netns),
    maySweep: () => made.maySweep,
  });
  const made: World = { kernel, scopes, view, maySweep: true };
  return made;
}

const sorted = (objects: readonly KernelObject[]): string =>
  renderObjects(objects.toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1)));
const isAsWanted = ({ kernel, view }: World): boolean =>
  sorted(kernel.objects()) === sorted([...desiredScope(view, scope), ...desiredScope(view, 'host')]);
const settle = async ({ scopes }: World): Promise<readonly FailedOp[]> =>
  (await Promise.all([scopes.reconcile(scope, 'reached'), scopes.reconcile('host', 'reached')])).flat();
const objectsOf = (view: View, attachment: Attachment) =>
  attachment.interfaces.map((one) => [scopeOf(one, view), interfaceObjects(view, attachment, one)] as const);
const ensure = async ({ scopes, view }: World, attachment: Attachment): Promise<readonly FailedOp[]> =>
  (await Promise.all(objectsOf(view, attachment).map(([where, objects]) => scopes.ensure(where, objects)))).flat();
const remove = async ({ scopes, view }: World, attachment: Attachment): Promise<readonly FailedOp[]> =>
  (await Promise.all(objectsOf(view, attachment).map(([where, objects]) => scopes.remove(where, objects)))).flat();
const without = (view: View, ...gone: readonly Attachment[]): View => ({
  ...view,
  attachments: view.attachments.filter((one) => !gone.includes(one)),
});

void test('each single op that fails once: the next round gets there', async (t) => {
  const all = world(full);
  await settle(all);
  t.ok(isAsWanted(all));
  const ops = all.kernel.tried.length;
  t.ok(ops > 40);
  for (let failing = 0; failing < ops; failing++) {
    const one = world(full);
    let count = 0;
    const forgive = one.kernel.refuse(() => count++ === failing);
    const failed = await settle(one);
    forgive();
    t.ok(failed.length > 0, `op ${failing} failed`);
    t.strictSame(await settle(one), []);
    if (!isAsWanted(one)) t.fail(`after ${renderObject(failed[0]!.op.object)} had failed:\n${one.kernel.text()}`);
  }
});

void test('each single op of a removal that fails once: the next round gets there', async (t) => {
  for (let failing = 0; ; failing++) {
    const one = world(full);
    await settle(one);
    one.view = without(full, first, second);
    let count = 0;
    const forgive = one.kernel.refuse(() => count++ === failing);
    const failed = [...(await remove(one, first)), ...(await remove(one, second))];
    forgive();
    if (failed.length === 0) {
      t.ok(failing > 2, `${failing} ops`);
      break;
    }
    t.strictSame([...(await remove(one, first)), ...(await remove(one, second))], []);
    if (!isAsWanted(one)) t.fail(`after ${renderObject(failed[0]!.op.object)} had failed:\n${one.kernel.text()}`);
  }
});

void test('an agent that starts anew finds any half-made state and finishes it, by an ADD as by a round', async (t) => {
  const all = world(full);
  await settle(all);
  const ops: readonly Op[] = all.kernel.tried;
  for (let made = 0; made <= ops.length; made += 3) {
    const half = createFakeKernel();
    await half.apply(ops.slice(0, made));
    const started = world(full, half);
    t.strictSame(await ensure(started, first), [], `ADD after ${made} ops`);
    t.strictSame(await settle(started), []);
    if (!isAsWanted(started)) t.fail(`after ${made} ops of ${ops.length}:\n${half.text()}`);
  }
});

void test('ADD makes the whole network for the first, and its own part alone for the next', async (t) => {
  const one = world(without(full, second));
  await one.scopes.reconcile('host', 'observe');
  t.strictSame(await ensure(one, first), []);
  t.ok(isAsWanted(one));
  const before = one.kernel.tried.length;
  one.view = full;
  t.strictSame(await ensure(one, second), []);
  t.ok(isAsWanted(one));
  const links = one.kernel.tried.slice(before).filter(({ object }) => /bridge|vxlan|netns|nft-table/.test(object.kind));
  t.strictSame(links, [], 'nothing that others share was touched');
});

void test('DEL leaves what others are on; the last one takes the network with it', async (t) => {
  const one = world(full);
  await settle(one);
  one.view = without(full, first);
  t.strictSame(await remove(one, first), []);
  t.ok(isAsWanted(one));
  one.view = without(full, first, second);
  t.strictSame(await remove(one, second), []);
  t.ok(isAsWanted(one));
  t.notOk(one.kernel.objects().some(({ netns }) => netns === scope));
  const before = one.kernel.tried.length;
  t.strictSame(await remove(one, second), [], 'again');
  t.equal(one.kernel.tried.length, before, 'costs nothing');
});

void test('nothing is deleted before the first sync, and all that is left over after it', async (t) => {
  const before = world(full);
  await settle(before);
  const started = world(without(full, second), before.kernel);
  started.maySweep = false;
  const tried = before.kernel.tried.length;
  for (const where of [scope, 'host'] as const) t.strictSame(await started.scopes.reconcile(where, 'observe'), []);
  t.equal(before.kernel.tried.length, tried, 'nothing was done');
  started.view = { ...started.view, node: { ...full.node, underlayMtu: 1400 } };
  await settle(started);
  t.ok(
    before.kernel.tried.slice(tried).every(({ kind }) => kind === 'change'),
    'but changes are made',
  );
  started.maySweep = true;
  t.strictSame(await settle(started), []);
  t.ok(isAsWanted(started));
});

const byHand: readonly (readonly [what: string, lost: (object: KernelObject) => boolean])[] = [
  ['a peer’s neighbour', (object) => object.kind === 'neighbour' && object.netns === scope],
  ['an FDB entry', (object) => object.kind === 'fdb-self' && object.netns === scope],
  ['a veth', (object) => object.kind === 'veth' && object.netns === scope],
  ['the tunnel', (object) => object.kind === 'vxlan' && object.netns === scope],
  ['the bridge', (object) => object.kind === 'bridge' && object.netns === scope],
  ['a rule table', (object) => object.kind === 'nft-table' && object.netns === scope],
  ['the whole namespace', (object) => object.kind === 'netns'],
];
void test('what somebody removes by hand', async (t) => {
  for (const [what, isLost] of byHand) {
    const one = world(full);
    await settle(one);
    const object = one.kernel.objects().find(isLost)!;
    one.kernel.byHand({ kind: 'delete', object });
    const missing = (await Promise.all(objectsOf(full, first).map((of) => one.scopes.missing(...of)))).flat();
    const isItsOwn =
      what === 'a veth' || what === 'the whole namespace' || what === 'a rule table' || what === 'the bridge';
    t.equal(missing.length > 0, isItsOwn, `CHECK, ${what}`);
    t.strictSame(await one.scopes.reconcile(scope, 'observe'), []);
    t.ok(isAsWanted(one), `${what} is back`);
  }
});

void test('CHECK names what is missing or different by what the kernel holds, and changes nothing', async (t) => {
  const one = world(full);
  await settle(one);
  const [[, objects]] = objectsOf(full, first).slice(1) as [readonly [NetnsRef, readonly KernelObject[]]];
  t.strictSame(await one.scopes.missing(scope, objects), []);
  const address = objects.find(({ kind }) => kind === 'address')!;
  one.kernel.byHand({ kind: 'delete', object: address });
  const tried = one.kernel.tried.length;
  const missing = await one.scopes.missing(scope, objects);
  t.strictSame(
    missing.map((op) => `${op.kind} ${renderObject(op.object)}`),
    ['create addr 10.0.0.2/24 dev net1'],
  );
  t.equal(one.kernel.tried.length, tried);
});

void test('of several that want one scope at a time, none sees another half done', async (t) => {
  const one = world(full);
  const work = [ensure(one, first), ensure(one, second), settle(one), remove(one, first), ensure(one, first)];
  t.strictSame((await Promise.all(work)).flat(), []);
  await one.scopes.idle();
  t.strictSame(await settle(one), []);
  t.ok(isAsWanted(one));
});

void test('another tunnel address moves the tunnel and keeps the containers', async (t) => {
  const one = world(full);
  await settle(one);
  const tried = one.kernel.tried.length;
  one.view = { ...full, node: { ...full.node, vteps: [ip('172.30.0.99')] } };
  t.strictSame(await settle(one), []);
  t.ok(isAsWanted(one));
  t.notOk(one.kernel.tried.slice(tried).some(({ object }) => object.kind === 'veth' || object.kind === 'bridge'));
});

void test('an ADD fails for what it needs, and not for what another container lacks', async (t) => {
  const another = ({ object }: Op): boolean => object.kind === 'veth' && object.peer.netns === second.netns;
  const tunnel = ({ object }: Op): boolean => object.kind === 'vxlan' && object.netns === scope;
  const own = ({ object }: Op): boolean => object.kind === 'veth' && object.peer.netns === first.netns;
  for (const [what, refused, fails] of [
    ['another container’s veth', another, false],
    ['the tunnel', tunnel, true],
    ['its own veth', own, true],
  ] as const) {
    const one = world(full);
    const forgive = one.kernel.refuse(refused);
    t.equal((await ensure(one, first)).length > 0, fails, what);
    t.equal((await ensure(one, first)).length > 0, fails, `${what}, again`);
    await settle(one);
    t.equal((await ensure(one, first)).length > 0, fails, `${what}, after a round`);
    forgive();
    t.strictSame(await ensure(one, first), []);
    t.strictSame(await settle(one), []);
    t.ok(isAsWanted(one));
  }
});
