import { test } from 'tap';
import { type ClaimOwner, type Claims, createClaims } from '../../../lib/agent/claim.ts';
import { readyNetwork } from '../../../lib/agent/wanted.ts';
import { type NetworkEndpoint, networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { type AttachmentRequest, parsePodNetworks } from '../../../lib/api/pod-networks.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import type { IpAddress } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';
import type { OverlayRecord } from '../../../lib/store/attachment.ts';
import { startTestApi, type TestApi } from '../api-server.ts';
import { ip } from '../dataplane/sample.ts';
import { networkObject } from './objects.ts';

const subnet = (cidr: string, gateway: string) =>
  readyNetwork('blue', networkObject('blue', { status: { subnets: [{ cidr, gateway }] } }), undefined);
const wide = subnet('10.0.0.0/24', '10.0.0.1');
/** Five addresses beside the gateway. */
const tiny = subnet('10.0.0.0/29', '10.0.0.1');

const request = (entry: object = {}): AttachmentRequest =>
  must(parsePodNetworks(JSON.stringify([{ name: 'blue', ...entry }])))[0]!;
const any = request();
const owner = (containerID: string, nodeName = 'n1'): ClaimOwner => ({ nodeName, containerID, pod: undefined });

interface Knowledge {
  /** As the watch has shown it. */
  readonly endpoints?: readonly NetworkEndpoint[];
  readonly own?: readonly IpAddress[];
  readonly client?: KubeClient;
}
const claimsOf = (api: TestApi, { endpoints = [], own = [], client = api.newClient() }: Knowledge = {}): Claims =>
  createClaims({ client, endpoints: () => endpoints, ownAddresses: () => own, random: () => 0.5 });
const stored = async (api: TestApi): Promise<readonly NetworkEndpoint[]> =>
  (await api.client.list(networkEndpoints)).items;
const addressOf = async (claim: Promise<{ addresses: readonly string[] }>) => (await claim).addresses[0];

void test('a claim is the record by which the others reach the endpoint', async (t) => {
  const api = await startTestApi(t);
  const pod = { namespace: 'default', name: 'web', uid: 'u1' };
  const wish = request({ aliases: ['db', 'web'], interface: 'lan0' });
  const record = await claimsOf(api).claim({ ...owner('c1'), pod }, wide, wish, 1450);
  const [endpoint, ...others] = await stored(api);
  t.strictSame(others, []);
  t.match(endpoint?.metadata, {
    name: 'blue.10.0.0.2',
    labels: { 'warren.dev/network': 'blue', 'warren.dev/node': 'n1' },
  });
  t.strictSame(endpoint?.spec, {
    ...{ network: 'blue', addresses: ['10.0.0.2/24'], mac: '02:42:0a:00:00:02', nodeName: 'n1' },
    ...{ interface: 'lan0', containerID: 'c1', pod, names: ['web', 'db'] },
  });
  const { on, ...rest } = record;
  t.match(on, { kind: 'overlay', endpoint: 'blue.10.0.0.2', endpointUID: endpoint?.metadata.uid, vni: 4097 });
  t.strictSame(rest, { ifname: 'lan0', mac: '02:42:0a:00:00:02', mtu: 1450, addresses: ['10.0.0.2/24'] });
});

void test('of two nodes that race for the last address one gets it, the other is told which subnet is full', async (t) => {
  const api = await startTestApi(t);
  await fill(api, 4);
  // Neither has seen more than those four.
  const endpoints = await stored(api);
  const nodes = ['n1', 'n2'].map((name) =>
    claimsOf(api, { endpoints }).claim(owner(`on-${name}`, name), tiny, any, 1450),
  );
  const settled = await Promise.allSettled(nodes);
  t.strictSame(settled.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  t.equal((await stored(api)).length, 5);
  const loser = settled.find((one) => one.status === 'rejected');
  const expected =
    'network "blue" has no free address left in 10.0.0.0/29: remove endpoints or add a subnet to the Network';
  t.match(loser?.reason, { code: 103, message: expected });
});

async function fill(api: TestApi, count: number): Promise<void> {
  const claims = claimsOf(api);
  for (let i = 0; i < count; i++) await claims.claim(owner(`filler-${i}`, 'n9'), tiny, any, 1450);
}

void test('an address that another node was quicker to take is passed over', async (t) => {
  const api = await startTestApi(t);
  const taken = await addressOf(claimsOf(api).claim(owner('c1', 'n2'), wide, any, 1450));
  const found = await addressOf(claimsOf(api).claim(owner('c2'), wide, any, 1450));
  t.not(found, taken);
  t.equal((await stored(api)).length, 2);
});

void test('what the watch and the journal know is not tried at all', async (t) => {
  const api = await startTestApi(t);
  await fill(api, 1);
  const claims = claimsOf(api, { endpoints: await stored(api), own: [ip('10.0.0.3')] });
  t.equal(await addressOf(claims.claim(owner('c1'), wide, any, 1450)), '10.0.0.4/24');
});

void test('many at a time on one node get an address each', async (t) => {
  const api = await startTestApi(t);
  const claims = claimsOf(api);
  const all = Array.from({ length: 5 }, (_, i) => addressOf(claims.claim(owner(`c${i}`), tiny, any, 1450)));
  t.equal(new Set(await Promise.all(all)).size, 5);
});

void test('an ADD that was cut short and is tried again takes up its own claim', async (t) => {
  const api = await startTestApi(t);
  const wish = request({ ips: ['10.0.0.9'] });
  const first = await claimsOf(api).claim(owner('c1'), wide, wish, 1450);
  t.strictSame(await claimsOf(api).claim(owner('c1'), wide, wish, 1450), first);
  const others: readonly (readonly [what: string, owner: ClaimOwner, wish: AttachmentRequest])[] = [
    ['another container', owner('c2'), wish],
    ['its namesake on another node', owner('c1', 'n2'), wish],
    ['another interface of it', owner('c1'), request({ ips: ['10.0.0.9'], interface: 'lan0' })],
  ];
  for (const [what, whose, asked] of others) {
    const message = '10.0.0.9 is in use on network blue: choose another address';
    await t.rejects(claimsOf(api).claim(whose, wide, asked, 1450), { code: 104, message }, what);
  }
  t.equal((await stored(api)).length, 1);
});

const refused: readonly (readonly [what: string, entry: object, code: number, message: RegExp])[] = [
  ['an address outside', { ips: ['10.9.0.9'] }, 105, /10\.9\.0\.9 is in no subnet of network "blue".*10\.0\.0\.0\/24/],
  ['the gateway', { ips: ['10.0.0.1'] }, 105, /10\.0\.0\.1 .*network "blue".*gateway/],
  ['the broadcast address', { ips: ['10.0.0.255'] }, 105, /10\.0\.0\.255/],
  [
    'another prefix length',
    { ips: ['10.0.0.9/16'] },
    105,
    /^10\.0\.0\.9\/16 on network blue: its subnet makes it 10\.0\.0\.9\/24$/,
  ],
  [
    'a MAC in use',
    { mac: '02:42:0a:00:00:02' },
    104,
    /^the MAC address 02:42:0a:00:00:02 is in use on network blue by blue\.10\.0\.0\.2/,
  ],
];
void test('what is refused before anything is written', async (t) => {
  const api = await startTestApi(t);
  await fill(api, 1);
  const claims = claimsOf(api, { endpoints: await stored(api) });
  for (const [what, entry, code, message] of refused)
    await t.rejects(claims.claim(owner('c1'), wide, request(entry), 1450), { code, message }, what);
  t.equal((await stored(api)).length, 1);
});

void test('giving back: once, and never another’s', async (t) => {
  const api = await startTestApi(t);
  const wish = request({ ips: ['10.0.0.9'] });
  const { on } = await claimsOf(api).claim(owner('c1'), wide, wish, 1450);
  const claim = on as OverlayRecord;
  await claimsOf(api).release(claim);
  await claimsOf(api).release(claim);
  t.strictSame(await stored(api), []);
  const next = await claimsOf(api).claim(owner('c2'), wide, wish, 1450);
  await claimsOf(api).release(claim);
  t.strictSame(
    (await stored(api)).map((one) => one.metadata.uid),
    [(next.on as OverlayRecord).endpointUID],
  );
});

/** A fixed address whose holder leaves between our two questions. */
void test('an address that is given back while we ask who has it is ours', async (t) => {
  const api = await startTestApi(t);
  const wish = request({ ips: ['10.0.0.9'] });
  const { on } = await claimsOf(api).claim(owner('c1', 'n2'), wide, wish, 1450);
  const client = api.newClient();
  const get: KubeClient['get'] = async (...args) => {
    await claimsOf(api).release(on as OverlayRecord);
    return client.get(...args);
  };
  const record = await claimsOf(api, { client: { ...wrapped(client), get } }).claim(owner('c2'), wide, wish, 1450);
  t.equal(record.addresses[0], '10.0.0.9/24');
});

const wrapped = (client: KubeClient): KubeClient => ({
  get: (...args) => client.get(...args),
  list: (...args) => client.list(...args),
  create: (...args) => client.create(...args),
  patch: (...args) => client.patch(...args),
  delete: (...args) => client.delete(...args),
  watch: (...args) => client.watch(...args),
  close: () => client.close(),
});

void test('without an API server the call fails in time, and the address is free again', async (t) => {
  const api = await startTestApi(t);
  const claims = claimsOf(api);
  api.faults.add({ kind: 'refuse' });
  await t.rejects(claims.claim(owner('c1'), tiny, any, 1450), { name: 'ApiError', retryable: true });
  api.faults.clear();
  const all = Array.from({ length: 5 }, (_, i) => claims.claim(owner(`c${i}`), tiny, any, 1450));
  t.equal((await Promise.all(all)).length, 5);
});
