import { test } from 'tap';
import { type Step, stepsOf, wavesOf } from '../../../../lib/kernel/apply/step.ts';
import type { KernelObject } from '../../../../lib/dataplane/object.ts';
import type { Op } from '../../../../lib/dataplane/op.ts';
import { ifName, netns, sample } from '../../dataplane/sample.ts';

const on = (kind: 'create' | 'delete', ...objects: readonly KernelObject[]): Op[] =>
  objects.map((object) => ({ kind, object }));
const inHost = <T extends KernelObject>(object: T): T => ({ ...object, netns: 'host' });
const hostVeth = { ...inHost(sample.veth), name: ifName('w1') };
const hostPort = { ...inHost(sample.port), name: ifName('w1') };

/** `lane namespace: kinds`; `+veth` is the other end of one. */
const text = ({ lane, netns: where, ends, ops }: Step): string =>
  `${lane} ${where}: ${[...ends.map(() => '+veth'), ...ops.map(({ object }) => object.kind)].join(' ')}`;
const shown = (ops: readonly Op[]): string[] => stepsOf(ops).map(text);

const network = netns;
const container = sample.veth.peer.netns;
const other: KernelObject = { ...sample.address, netns: '/run/netns/c2' };

const cases: readonly (readonly [name: string, ops: readonly Op[], steps: readonly string[]])[] = [
  ['nothing', [], []],
  [
    'ops of one namespace go together',
    on('create', sample.bridge, sample.neighbour, sample.fdbSelf),
    [`route ${network}: bridge neighbour fdb-self`],
  ],
  [
    'each kind of driver has its step',
    on('create', sample.own, sample.sysctl, sample.table, sample.element, sample.bridge),
    [
      `netns ${network}: netns`,
      `sysctl ${network}: sysctl`,
      `nft ${network}: nft-table nft-element`,
      `route ${network}: bridge`,
    ],
  ],
  ['a VXLAN device is made from the host', on('create', sample.vxlan), ['route host: vxlan']],
  ['and goes where it is', on('delete', sample.vxlan, sample.bridge), [`unlink ${network}: vxlan bridge`]],
  [
    'ops of two namespaces come together over one another',
    on('create', sample.veth, hostVeth, sample.port, hostPort, sample.fdbMaster),
    [
      `route ${network}: veth port fdb-master`,
      `route ${container}: +veth`,
      'route host: veth port',
      `route ${container}: +veth`,
    ],
  ],
  [
    'the other end of a veth is completed with what comes to its namespace',
    on('create', sample.veth, sample.port, sample.address, sample.default),
    [`route ${network}: veth port`, `route ${container}: +veth address route`],
  ],
  [
    'within one namespace in a step of its own',
    on('create', { ...sample.veth, peer: { ...sample.veth.peer, netns: network } }, sample.port),
    [`route ${network}: veth`, `route ${network}: +veth port`],
  ],
  [
    'but not over one that has to do with the same namespace',
    on('create', sample.address, hostVeth, sample.default),
    [`route ${container}: address`, 'route host: veth', `route ${container}: +veth route`],
  ],
  [
    'nor over a VXLAN device that is made for it',
    on('create', sample.bridge, sample.vxlan, sample.port),
    [`route ${network}: bridge`, 'route host: vxlan', `route ${network}: port`],
  ],
  [
    'over what happens elsewhere they do',
    on('create', sample.bridge, other, sample.neighbour),
    [`route ${network}: bridge neighbour`, 'route /run/netns/c2: address'],
  ],
  [
    'a link that is made anew goes before it comes',
    [...on('delete', sample.veth), ...on('create', sample.veth)],
    [`unlink ${network}: veth`, `route ${network}: veth`, `route ${container}: +veth`],
  ],
];

test('a plan comes in as few steps as the order allows', async (t) => {
  for (const [name, ops, steps] of cases) t.same(shown(ops), steps, name);
});

test('steps are short enough for the event loop, and keep every op', async (t) => {
  const ops = Array.from({ length: 1_000 }, () => on('create', sample.neighbour)).flat();
  const steps = stepsOf(ops);
  t.equal(steps.length, 4);
  t.same(
    steps.flatMap((step) => step.ops),
    ops,
  );
});

test('elements of sets come with the links that they open the way for, and a table before them', async (t) => {
  const waves = (ops: readonly Op[]): string[][] => wavesOf(stepsOf(ops)).map((wave) => wave.map(text));
  const veth = [`route ${network}: veth port`, `nft ${network}: nft-element`];
  const end = [`route ${container}: +veth`];
  t.same(waves(on('create', sample.element, sample.veth, sample.port)), [veth, end]);
  t.same(waves(on('create', sample.table, sample.element, sample.veth)), [
    [`nft ${network}: nft-table nft-element`],
    [`route ${network}: veth`],
    end,
  ]);
  t.same(waves(on('delete', sample.element, sample.fdbMaster)), [
    [`nft ${network}: nft-element`],
    [`route ${network}: fdb-master`],
  ]);
});
