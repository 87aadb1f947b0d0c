/** CNI conformance against a real agent: ADD, rows A1 to A7, X1, X2. */
import { test } from 'tap';
import { CNI_VERSIONS } from '../../../lib/api/cni.ts';
import { eventually } from '../../../lib/lab/wait.ts';
import { errorOf } from './plugin.ts';
import { addressesOf, resultOf, testNode } from './test-node.ts';

const node = await testNode();

for (const cniVersion of CNI_VERSIONS) {
  test(`A1: ADD in ${cniVersion} makes what it answers, in the shape of that version`, async (t) => {
    const sandbox = await node.sandbox('blue');
    const answer = await node.plugin('ADD', sandbox, { cniVersion });
    t.equal(answer.stderr, '', 'C1');
    const result = resultOf(answer);
    t.equal(result.cniVersion, cniVersion);
    t.strictSame(
      result.interfaces.map((one) => [one.name, one.sandbox]),
      [
        ['eth0', sandbox.CNI_NETNS],
        ['net1', sandbox.CNI_NETNS],
      ],
    );
    t.equal(
      result.ips.every((ip) => ip.interface === 0),
      true,
      'only addresses of eth0 are in ips',
    );
    t.equal(result.ips[0]?.version, cniVersion < '1.0.0' ? '4' : undefined);
    t.equal(result.interfaces[0]?.mtu !== undefined, cniVersion === '1.1.0');
    const [eth0, net1] = await node.linksIn(sandbox);
    t.match(eth0, { ifname: 'eth0', address: result.interfaces[0]?.mac, operstate: 'UP' });
    t.match(net1, { ifname: 'net1', address: result.interfaces[1]?.mac, operstate: 'UP' });
    t.strictSame(
      eth0 && addressesOf(eth0),
      result.ips.map((ip) => ip.address),
    );
    if (cniVersion === '1.1.0') t.equal(eth0?.mtu, result.interfaces[0]?.mtu);
    const gateway = result.ips[0]?.gateway;
    t.strictSame(result.routes, [{ dst: '0.0.0.0/0', gw: gateway }]);
    t.match(await node.inside(sandbox, ['ip', 'route']), `default via ${gateway ?? '?'} dev eth0`);
    await node.del(t, sandbox, { cniVersion });
    t.strictSame(await node.linksIn(sandbox), []);
    await node.removeNetns(sandbox);
    await node.nothingLeft(t);
  });
}

test('A2: an interface that exists is an error, and stays as it was', async (t) => {
  const sandbox = await node.sandbox();
  await node.inside(sandbox, ['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other']);
  const before = await node.inside(sandbox, ['ip', '-oneline', 'link']);
  const error = errorOf(await node.plugin('ADD', sandbox));
  t.match(error, { code: 106, msg: /eth0/ });
  t.equal(await node.inside(sandbox, ['ip', '-oneline', 'link']), before);
  await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

test('A3: the result of an earlier plugin is kept, ours is added to it', async (t) => {
  const sandbox = await node.sandbox();
  const prevResult = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'cni9', sandbox: sandbox.CNI_NETNS }],
    ips: [{ address: '192.0.2.9/24', interface: 0 }],
    routes: [{ dst: '198.51.100.0/24', gw: '192.0.2.1' }],
    dns: { nameservers: ['10.96.0.10'] },
  };
  const result = await node.add(sandbox, { prevResult });
  t.match(result.interfaces, [{ name: 'cni9' }, { name: 'eth0' }]);
  t.match(result.ips, [{ address: '192.0.2.9/24', interface: 0 }, { interface: 1 }]);
  t.match(result.routes, [{ dst: '198.51.100.0/24', gw: '192.0.2.1' }, { dst: '0.0.0.0/0' }]);
  t.match(result, { dns: { nameservers: ['10.96.0.10'] } });
  await node.del(t, sandbox, { prevResult });
  await node.removeNetns(sandbox);
});

test("A4: the host's own namespace, or none at all, is refused before anything is changed", async (t) => {
  const own = `/proc/${await node.agentPid()}/ns/net`;
  const sandbox = await node.sandbox('blue');
  t.match(errorOf(await node.plugin('ADD', { ...sandbox, CNI_NETNS: own })), { code: 4, msg: /host's own/ });
  t.match(errorOf(await node.plugin('ADD', { ...sandbox, CNI_NETNS: '/run/netns/none' })), {
    code: 3,
    msg: /\/run\/netns\/none/,
  });
  t.match(errorOf(await node.plugin('ADD', { ...sandbox, CNI_NETNS: '/etc/passwd' })), { code: 3 });
  t.strictSame(await node.linksIn(sandbox), []);
  await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

const failing: readonly (readonly [string, string, { code: number; msg: RegExp }])[] = [
  ['a network that does not exist', 'blue,missing', { code: 100, msg: /missing/ }],
  ['an annotation that is wrong', 'blue,Green', { code: 7, msg: /warren\.dev\/networks.*"Green"/ }],
  ['an interface that exists', 'blue@taken', { code: 106, msg: /taken/ }],
  [
    'an address outside the subnet',
    '[{"name":"blue","ips":["192.0.2.1"]}]',
    { code: 105, msg: /192\.0\.2\.1.*blue|blue.*192\.0\.2\.1/ },
  ],
  [
    'a full subnet',
    'tiny,tiny,tiny,tiny,tiny,tiny',
    { code: 103, msg: /tiny.*10\.78\.0\.0\/29|10\.78\.0\.0\/29.*tiny/ },
  ],
];
for (const [what, annotation, expected] of failing) {
  test(`A5: an ADD that fails for ${what} leaves nothing`, async (t) => {
    const sandbox = await node.sandbox(annotation);
    await node.inside(sandbox, ['ip', 'link', 'add', 'taken', 'type', 'veth', 'peer', 'name', 'other']);
    const before = (await node.linksIn(sandbox)).map((link) => link.ifname);
    t.match(errorOf(await node.plugin('ADD', sandbox)), expected);
    t.strictSame(
      (await node.linksIn(sandbox)).map((link) => link.ifname),
      before,
    );
    await node.nothingLeft(t);
    await node.del(t, sandbox);
    await node.removeNetns(sandbox);
  });
}

test('A5: an ADD without API server fails soon with "try again later" and leaves nothing', async (t) => {
  const [known, unknown] = [await node.sandbox('blue'), await node.sandbox('green')];
  await node.add(known);
  await node.cutApi();
  t.teardown(() => node.restoreApi());
  const start = performance.now();
  t.match(errorOf(await node.plugin('ADD', unknown)), { code: 11 });
  t.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`);
  t.strictSame(await node.linksIn(unknown), []);
  await node.del(t, known);
  t.strictSame(await node.linksIn(known), [], 'DEL needs no API server');
  await node.restoreApi();
  await eventually(() => node.add(unknown), 60_000);
  await node.del(t, unknown);
  for (const sandbox of [known, unknown]) await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

test('A6: ADDs in parallel get addresses of their own, DELs in parallel give them back', async (t) => {
  const sandboxes = await Promise.all(Array.from({ length: 20 }, () => node.sandbox('blue,green')));
  const results = await Promise.all(sandboxes.map((sandbox) => node.add(sandbox)));
  const own = results.flatMap((result) => result.ips.map((ip) => ip.address));
  t.equal(new Set(own).size, 20);
  const endpoints = await node.endpoints();
  for (const network of ['blue', 'green']) {
    const addresses = endpoints.filter((one) => one.network === network).flatMap((one) => one.addresses);
    t.equal(new Set(addresses).size, 20, network);
  }
  for (const [i, sandbox] of sandboxes.entries()) {
    const [eth0] = await node.linksIn(sandbox);
    t.strictSame(
      eth0 && addressesOf(eth0),
      results[i]?.ips.map((ip) => ip.address),
    );
  }
  await Promise.all(sandboxes.map((sandbox) => node.del(t, sandbox)));
  await Promise.all(sandboxes.map((sandbox) => node.removeNetns(sandbox)));
  await node.nothingLeft(t);
});

test('A7: the same ADD again, also at the same time, gives the same result and takes no second address', async (t) => {
  const sandbox = await node.sandbox('blue');
  const [first, second] = await Promise.all([node.add(sandbox), node.add(sandbox)]);
  t.strictSame(second, first);
  t.strictSame(await node.add(sandbox), first);
  t.equal((await node.endpoints()).length, 1);
  t.equal((await node.linksIn(sandbox)).length, 2);
  await node.del(t, sandbox);
  await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

test('X1: the installed configuration offers every version', async (t) => {
  const list = JSON.parse(await node.on(['cat', '/etc/cni/net.d/10-warren.conflist'])) as unknown;
  t.match(list, { name: 'warren', cniVersion: '1.1.0', cniVersions: [...CNI_VERSIONS], plugins: [{ type: 'warren' }] });
});

test('X2: a configuration that names a network attaches to it alone, with the address, MAC and names asked for', async (t) => {
  const sandbox = await node.sandbox();
  const runtimeConfig = { ips: ['10.77.0.55/24'], mac: '02:00:00:00:00:55', aliases: ['db'] };
  const result = await node.add(
    { ...sandbox, CNI_IFNAME: 'vpn0' },
    { name: 'blue-nad', network: 'blue', runtimeConfig },
  );
  t.match(result.interfaces, [{ name: 'vpn0', mac: '02:00:00:00:00:55' }]);
  t.match(result.ips, [{ address: '10.77.0.55/24', interface: 0 }]);
  t.strictSame(
    (await node.linksIn(sandbox)).map((link) => [link.ifname, link.address, addressesOf(link)]),
    [['vpn0', '02:00:00:00:00:55', ['10.77.0.55/24']]],
  );
  const taken = await node.sandbox();
  const again = errorOf(await node.plugin('ADD', taken, { name: 'blue-nad', network: 'blue', runtimeConfig }));
  t.match(again, { code: 104, msg: /10\.77\.0\.55|02:00:00:00:00:55/ });
  await node.del(t, { ...sandbox, CNI_IFNAME: 'vpn0' }, { name: 'blue-nad', network: 'blue' });
  for (const one of [sandbox, taken]) await node.removeNetns(one);
  await node.nothingLeft(t);
});
