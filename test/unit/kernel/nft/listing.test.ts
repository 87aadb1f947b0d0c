import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { createTable, replaceTable } from '../../../../lib/kernel/nft/commands.ts';
import { parseListing } from '../../../../lib/kernel/nft/listing.ts';
import type { NftElement, NftTable } from '../../../../lib/dataplane/nft.ts';
import { accept, counter, drop, equals, meta, rule } from '../../../../lib/dataplane/nft-rule.ts';

const table: NftTable = {
  ...{ kind: 'nft-table', netns: 'host', family: 'bridge', name: 'warren' },
  sets: [
    { name: 'ep4', type: ['ifname', 'ether_addr', 'ipv4_addr'] },
    { name: 'nd6', type: ['ifname', 'mark'] },
    { name: 'fixed', type: ['ipv4_addr'], interval: true, elements: [['10.0.0.0/24'], ['10.1.0.1']] },
  ],
  chains: [
    {
      ...{ name: 'prerouting', type: 'filter', hook: 'prerouting', priority: -300, policy: 'drop' },
      rules: [rule('tunnel', equals(meta('iifname'), 'vxlan0'), accept), rule('rest', counter, drop)],
    },
  ],
};

const inTable = { family: 'bridge', table: 'warren' };
const head = [
  { metainfo: { version: '1.0.6', json_schema_version: 1 } },
  { table: { family: 'bridge', name: 'warren', handle: 1 } },
];
/** As nft 1.0.6 prints the table. */
const listed = [
  ...head,
  {
    set: {
      ...inTable,
      name: 'ep4',
      type: ['ifname', 'ether_addr', 'ipv4_addr'],
      handle: 2,
      elem: [{ concat: ['v1', '02:42:0a:00:00:02', '10.0.0.2'] }],
    },
  },
  { set: { ...inTable, name: 'nd6', type: ['ifname', 'mark'], handle: 3 } },
  {
    set: {
      ...inTable,
      name: 'fixed',
      type: 'ipv4_addr',
      handle: 4,
      flags: ['constant', 'interval'],
      elem: [{ prefix: { addr: '10.0.0.0', len: 24 } }, '10.1.0.1'],
    },
  },
  {
    chain: {
      ...inTable,
      name: 'prerouting',
      handle: 1,
      type: 'filter',
      hook: 'prerouting',
      prio: -300,
      policy: 'drop',
    },
  },
  {
    rule: {
      ...inTable,
      chain: 'prerouting',
      handle: 5,
      comment: 'tunnel',
      expr: [{ match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'vxlan0' } }, { accept: null }],
    },
  },
  {
    rule: {
      ...inTable,
      chain: 'prerouting',
      handle: 6,
      comment: 'rest',
      expr: [{ counter: { packets: 7, bytes: 700 } }, { drop: null }],
    },
  },
];
const parse = (entries: unknown) => parseListing(JSON.stringify({ nftables: entries }), 'host', 'bridge', 'warren');

void test('a listing is the table that was installed', (t) => {
  t.strictSame(parse(listed), { ok: true, value: table });
  t.end();
});

const foreign: { readonly [what: string]: unknown } = {
  'a chain without a hook': { chain: { ...inTable, name: 'extra', handle: 9 } },
  'a set of another type': { set: { ...inTable, name: 'extra', handle: 9, type: 'inet_service' } },
  'a set with a timeout': { set: { ...inTable, name: 'extra', handle: 9, type: 'ipv4_addr', timeout: 5 } },
  'a map': { map: { ...inTable, name: 'extra', handle: 9, type: 'ipv4_addr', map: 'mark' } },
  'a flow table': { flowtable: { ...inTable, name: 'extra', handle: 9 } },
  'a rule without expressions': { rule: { ...inTable, chain: 'prerouting', handle: 9 } },
  'nothing known': 'nonsense',
  null: null,
};
void test('a table with something of a kind that we never make is not ours as we made it', (t) => {
  const empty = { ok: true, value: { ...table, sets: [], chains: [] } };
  for (const [what, entry] of Object.entries(foreign)) t.strictSame(parse([...listed, entry]), empty, what);
  t.end();
});

void test('what is no listing at all is an error', (t) => {
  for (const text of ['', '{', '[]', '{"nftables": 5}', 'null'])
    t.match(parseListing(text, 'host', 'bridge', 'warren'), { ok: false, error: /nft printed something else/ }, text);
  t.end();
});

void test('whatever nft prints, the parser returns', (t) => {
  const property = fc.property(fc.oneof(fc.string(), fc.json()), fc.array(fc.jsonValue()), (text, entries) => {
    assert.equal(typeof parseListing(text, 'host', 'bridge', 'warren').ok, 'boolean');
    assert.ok(parse(entries).ok);
  });
  fc.assert(property);
  t.end();
});

const element: NftElement = {
  ...{ kind: 'nft-element', netns: 'host', family: 'bridge', table: 'warren', set: 'nd6' },
  key: ['v1', '0x0a000002'],
};
void test('a table is one transaction; fixed elements are constant, others are carried over', (t) => {
  const body = [
    { add: { set: { ...inTable, name: 'ep4', type: ['ifname', 'ether_addr', 'ipv4_addr'] } } },
    { add: { set: { ...inTable, name: 'nd6', type: ['ifname', 'mark'] } } },
    {
      add: {
        set: {
          ...inTable,
          name: 'fixed',
          type: 'ipv4_addr',
          flags: ['constant', 'interval'],
          elem: [{ prefix: { addr: '10.0.0.0', len: 24 } }, '10.1.0.1'],
        },
      },
    },
    {
      add: {
        chain: { ...inTable, name: 'prerouting', type: 'filter', hook: 'prerouting', prio: -300, policy: 'drop' },
      },
    },
    ...table.chains.flatMap(({ name, rules }) =>
      rules.map(({ comment, statements }) => ({
        add: { rule: { ...inTable, chain: name, comment, expr: statements } },
      })),
    ),
  ];
  const name = { family: 'bridge', name: 'warren' };
  t.strictSame(createTable(table), { nftables: [{ create: { table: name } }, ...body] });
  const carried = { add: { element: { ...inTable, name: 'nd6', elem: [{ concat: ['v1', 0x0200000a] }] } } };
  t.strictSame(replaceTable(table, [element]), {
    nftables: [{ delete: { table: name } }, { add: { table: name } }, ...body, carried],
  });
  t.end();
});
