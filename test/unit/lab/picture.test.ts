import { test } from 'tap';
import { drawLab, type PictureNode } from '../../../lib/lab/picture.ts';

const container = (name: string, address: string, network: string) => ({
  name,
  interfaces: [
    { name: 'eth0', address: '172.20.0.2', network: 'pod' },
    { name: 'net1', address, network },
  ],
});
const blue = { name: 'blue', subnet: '10.0.0.0/24', vni: 4097 };
const green = { name: 'green', subnet: '10.0.1.0/24', vni: 4098 };
const nodes: readonly PictureNode[] = [
  { name: 'n1', address: '172.30.0.11', networks: ['blue'], containers: [container('a1', '10.0.0.2', 'blue')] },
  { name: 'n2', address: '172.30.0.12', networks: ['green'], containers: [] },
  { name: 'n3', address: '172.30.0.13', networks: ['blue', 'green'], containers: [] },
];

test('nodes are boxes, tunnels end in a dot below each node that they reach and cross the others', (t) => {
  t.equal(
    drawLab(nodes, [blue, green], 100),
    `
┌─ n1  172.30.0.11 ────────────┐  ┌─ n2  172.30.0.12 ────────────┐  ┌─ n3  172.30.0.13 ────────────┐
│ a1                           │  │ (no containers)              │  │ (no containers)              │
│  ├ eth0 172.20.0.2 pod       │  │                              │  │                              │
│  └ net1 10.0.0.2   blue      │  │                              │  │                              │
└──────────────┬───────────────┘  └──────────────┬───────────────┘  └──────────────┬───────────────┘
               ●═════════════════════════════════╪═════════════════════════════════●
               │ blue  10.0.0.0/24  VNI 4097     │                                 │
               │                                 ●═════════════════════════════════●
                 green  10.0.1.0/24  VNI 4098`.slice(1),
  );
  t.end();
});

test('no line is longer than the width, whatever the names are', (t) => {
  const long = { ...nodes[0]!, containers: [container('x'.repeat(63), 'fd00:1234:5678:9abc::1234', 'y'.repeat(63))] };
  for (const width of [60, 80, 100, 200])
    for (const line of drawLab([long, ...nodes.slice(1), ...nodes], [blue, green], width).split('\n'))
      t.ok(line.length <= width, `${line.length} at ${width}`);
  t.end();
});

test('a lab without networks has boxes alone', (t) => {
  t.equal(drawLab(nodes, [], 100).split('\n').length, 5);
  t.end();
});
