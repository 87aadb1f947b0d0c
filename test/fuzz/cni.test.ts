/** No environment, configuration, annotation or frame makes a parser throw anything but its typed error, hang, or allocate beyond limits. */
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { type Test, test } from 'tap';
import { CNI_COMMANDS, CNI_VERSIONS, CniError } from '../../lib/api/cni.ts';
import { parsePluginConf } from '../../lib/api/cni-config.ts';
import { parseEnv } from '../../lib/api/cni-env.ts';
import { parseCniInput } from '../../lib/api/cni-input.ts';
import { parseNetConf } from '../../lib/api/cni-netconf.ts';
import { formatResult, parseResult } from '../../lib/api/cni-result.ts';
import type { JsonObject } from '../../lib/api/json-shape.ts';
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  PART_BYTES_MAX,
  WireError,
} from '../../lib/api/plugin-wire.ts';
import { parsePodNetworks } from '../../lib/api/pod-networks.ts';
import { run } from '../../lib/cni/run.ts';

/** Anything, but with the keys that the parsers look for. */
const KEYS = [
  'cniVersion', 'name', 'type', 'network', 'ipam', 'prevResult', 'runtimeConfig', 'agentSocket', 'queueDir', 'ips', 'mac', 'aliases',
  'cni.dev/valid-attachments', 'cni.dev/attachments', 'containerID', 'ifname', 'interfaces', 'address', 'gateway', 'interface', 'routes',
  'dst', 'gw', 'mtu', 'dns', 'search', 'domain', 'sandbox', 'default-route', 'namespace', 'io.kubernetes.cri.pod-annotations', '__proto__',
]; // prettier-ignore
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ...CNI_VERSIONS,
    ...CNI_COMMANDS,
    '',
    'eth0',
    'net1',
    'blue',
    '10.0.0.2/24',
    'fd00::2',
    '02:42:0a:00:00:02',
  ),
  fc.ipV4(),
  fc.ipV6(),
);
const { tree } = fc.letrec<{ tree: unknown; leaf: unknown; object: unknown; list: unknown }>((tie) => ({
  leaf: fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
  object: fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('tree'), { maxKeys: 6 }),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  tree: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('object'), tie('list')),
}));
const command = fc.constantFrom(...CNI_COMMANDS);
const config = fc
  .tuple(fc.dictionary(fc.constantFrom(...KEYS), tree), fc.boolean(), fc.constantFrom(...CNI_VERSIONS))
  .map(([keys, sane, cniVersion]): JsonObject => (sane ? { ...keys, cniVersion, name: 'n' } : keys));
const environment = fc.record(
  {
    CNI_COMMAND: fc.oneof(command, text),
    CNI_CONTAINERID: text,
    CNI_NETNS: text,
    CNI_IFNAME: text,
    CNI_ARGS: fc.oneof(
      text,
      fc
        .array(fc.tuple(fc.constantFrom('K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'X'), text))
        .map((pairs) => pairs.map((pair) => pair.join('=')).join(';')),
    ),
  },
  { requiredKeys: [] },
);

/** Runs `parse`; anything but a result or the typed error is a finding. */
function onlyThrows(kind: new (...args: never[]) => Error, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

/** Counts as one assertion; a counterexample is in its message. */
const holds = <T>(t: Test, runs: number, property: fc.IProperty<T>): void => {
  t.doesNotThrow(() => {
    fc.assert(property, { numRuns: runs });
  });
  t.end();
};

test('environments', (t) => {
  const property = fc.property(environment, (env) => {
    onlyThrows(CniError, () => parseEnv(env));
  });
  holds(t, 3000, property);
});

test('configurations', (t) => {
  const property = fc.property(config, command, (conf, verb) => {
    onlyThrows(CniError, () => parsePluginConf(conf, verb));
    onlyThrows(CniError, () => parseNetConf(conf, verb));
  });
  holds(t, 3000, property);
});

test('results: what is accepted can be written and read again', (t) => {
  const property = fc.property(tree, fc.constantFrom(...CNI_VERSIONS), (value, version) => {
    onlyThrows(CniError, () => {
      const written = formatResult(parseResult(value), version);
      const again = formatResult(parseResult(JSON.parse(written)), version);
      if (JSON.stringify(JSON.parse(again)) !== JSON.stringify(JSON.parse(written)))
        throw new Error(`${written} became ${again}`);
    });
  });
  holds(t, 3000, property);
});

test('annotations', (t) => {
  const annotation = fc.oneof(
    fc.string(),
    fc.array(text).map((parts) => parts.join(',')),
    tree.map((value) => JSON.stringify(value)),
  );
  const property = fc.property(annotation, (value) => {
    parsePodNetworks(value);
  });
  holds(t, 3000, property);
});

test('a whole call never throws, answers one document and no more', (t) => {
  const noAgent = { read: () => -1, write: () => -1, connectUnix: () => undefined };
  const confBytes = config.map((conf) =>
    new TextEncoder().encode(JSON.stringify({ ...conf, queueDir: '/dev/null/none' })),
  );
  const property = fc.property(environment, fc.oneof(fc.uint8Array({ maxLength: 200 }), confBytes), (env, stdin) => {
    void parseCniInput(env, stdin, parseNetConf);
    const outcome = run(env, () => stdin, noAgent);
    const out = new TextDecoder().decode(outcome.stdout);
    if (out !== '') JSON.parse(out);
    if (outcome.exitCode !== 0 && !/"code":\d+,"msg":".+"/.test(out))
      throw new Error(`failed without an error: ${out}`);
    if (/"code":199/.test(out)) throw new Error(`an internal error: ${out}`);
  });
  holds(t, 3000, property);
});

test('frames: garbage is refused or asks for a bounded number of bytes', (t) => {
  const header = fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 64 }));
  const framed = header.map(([first, second, rest]) => {
    const frame = Buffer.alloc(12 + rest.length);
    frame.write('WRN1', 'latin1');
    frame.writeUInt32BE(first, 4);
    frame.writeUInt32BE(second, 8);
    frame.set(rest, 12);
    return new Uint8Array(frame);
  });
  const property = fc.property(fc.oneof(fc.uint8Array(), framed), (frame) => {
    for (const decode of [decodeRequest, decodeReply]) {
      onlyThrows(WireError, () => {
        const decoded = decode(frame);
        if (!decoded.done && decoded.needed > 12 + PART_BYTES_MAX + 1024 * 1024)
          throw new Error(`asks for ${decoded.needed} bytes`);
      });
    }
  });
  holds(t, 5000, property);
});

test('frames: what was encoded is decoded, and every prefix of it waits', (t) => {
  const names = fc.constantFrom('CNI_COMMAND', 'CNI_ARGS', 'CNI_NETNS', 'CNI_PATH');
  const value = fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0') && one.isWellFormed());
  const property = fc.property(
    fc.dictionary(names, value, { noNullPrototype: true }),
    fc.uint8Array(),
    fc.nat(255),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
    (env, stdin, exitCode, cut) => {
      const request = encodeRequest({ env, stdin });
      deepStrictEqual(decodeRequest(request), { done: true, value: { env, stdin } });
      deepStrictEqual(decodeRequest(request.subarray(0, Math.floor(request.length * cut))).done, false);
      deepStrictEqual(decodeReply(encodeReply({ exitCode, stdout: stdin })), {
        done: true,
        value: { exitCode, stdout: stdin },
      });
    },
  );
  holds(t, 300, property);
});

test('hostile sizes take no longer than a moment', (t) => {
  const start = performance.now();
  const deep = '['.repeat(1_000_000);
  parseCniInput({ CNI_COMMAND: 'ADD' }, new TextEncoder().encode(deep), parseNetConf);
  parsePodNetworks(deep.slice(0, 200_000));
  parsePodNetworks('-'.repeat(200_000));
  parsePodNetworks(`[{"name":"a","aliases":["${'a-'.repeat(100_000)}"]}]`);
  const add = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'e' };
  for (const args of [`K8S_POD_NAMESPACE=a;K8S_POD_NAME=${'a-'.repeat(60_000)}`, ';'.repeat(120_000)]) {
    onlyThrows(CniError, () => parseEnv({ ...add, CNI_ARGS: args }));
  }
  const nested = `{"cniVersion":"1.1.0","name":"n","ipam":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`;
  const input = parseCniInput(add, new TextEncoder().encode(nested), parseNetConf);
  t.match(input.parsed, { ok: false, error: { code: 2 } });
  const milliseconds = performance.now() - start;
  t.ok(milliseconds < 2000, `${milliseconds} ms`);
  t.end();
});
