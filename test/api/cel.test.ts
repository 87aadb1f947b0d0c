// What an expression of a rule comes to: one table, evaluated by kube-apiserver (cel-go) and by the embedded server (cel-js), as the texts of
// messages that both answer with.
import t from 'tap';
import { asArray, asString, at, type JsonObject } from '../../lib/lab/apiserver/json.ts';
import { callWith } from './call.ts';
import { startEmbeddedServer, startRealServer } from './servers.ts';

/** Each gives a text; one that fails leaves the rule's own message, on both servers. */
const EXPRESSIONS: readonly string[] = [
  ...['1.2.3.4', '1.2.3', '1.2.3.04', '::1', '::ffff:1.2.3.4', 'fe80::1%eth0', '', ' 1.2.3.4'].map(
    (text) => `string(isIP('${text}'))`,
  ),
  ...['10.0.0.0/24', '10.0.0.1/24', '10.0.0.0/33', '10.0.0.0', '::/0', '::ffff:10.0.0.0/112', '10.0.0.0/024'].map(
    (text) => `string(isCIDR('${text}'))`,
  ),
  ...['10.0.0.7/24', '2001:db8::7/64', '0.0.0.0/0', '10.0.0.7/32', 'fd00:0:0::/48'].flatMap((text) => [
    `string(cidr('${text}'))`,
    `string(cidr('${text}').masked())`,
    `string(cidr('${text}').ip())`,
    `string(cidr('${text}').prefixLength())`,
    `string(cidr('${text}') == cidr('${text}').masked())`,
  ]),
  ...[
    '10.0.0.1',
    '2001:DB8::0',
    '127.0.0.1',
    '224.0.0.5',
    '169.254.1.1',
    '0.0.0.0',
    '255.255.255.255',
    'ff02::1',
  ].flatMap((text) => [
    `string(ip('${text}'))`,
    `string(ip('${text}').family())`,
    `string(ip.isCanonical('${text}'))`,
    `string(ip('${text}').isLoopback())`,
    `string(ip('${text}').isGlobalUnicast())`,
    `string(ip('${text}').isLinkLocalUnicast())`,
    `string(ip('${text}').isLinkLocalMulticast())`,
    `string(ip('${text}').isUnspecified())`,
  ]),
  `string(cidr('10.0.0.0/24').containsIP('10.0.0.255'))`,
  `string(cidr('10.0.0.0/24').containsIP(ip('10.0.1.0')))`,
  `string(cidr('10.0.0.0/24').containsIP('::1'))`,
  `string(cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16'))`,
  `string(cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8')))`,
  `string(cidr('10.0.0.0/24').containsCIDR('10.0.0.0/24'))`,
  `string(ip('10.0.0.1') == ip('10.0.0.1'))`,
  `string(ip('::1') == ip('0:0:0:0:0:0:0:1'))`,
  `string(ip('nonsense').family())`,
  `'a,b,c'.split(',')[2]`,
  `'a,b,c'.split(',', 2)[1]`,
  `string('abc'.indexOf('c'))`,
  `string('abcabc'.lastIndexOf('c'))`,
  `string('abc'.indexOf('x'))`,
  `'aBc'.lowerAscii() + 'aBc'.upperAscii()`,
  `'banana'.replace('a', 'o') + 'banana'.replace('a', 'o', 1)`,
  `'tacocat'.substring(4) + 'tacocat'.substring(0, 4)`,
  `'  x '.trim()`,
  `'abc'.charAt(1)`,
  `'abc 123'.find('[0-9]+')`,
  `'1a2b'.findAll('[0-9]')[1]`,
  `string('1a2b'.findAll('[0-9]', 1).size())`,
  `string('abc'.matches('^a.c$'))`,
  `string('abc'.matches('b'))`,
  `string('äö'.size())`,
  `string(size('日本'))`,
  `string(size([1, 2]))`,
  `string({'a': 1}.size())`,
  `string([1, 2, 3].sum())`,
  `string([3, 1, 2].min())`,
  `string([3, 1, 2].max())`,
  `string([1.5, 2.5].sum())`,
  `string([1, 2, 2].isSorted())`,
  `string([2, 1].isSorted())`,
  `string([1, 2, 1].indexOf(1))`,
  `string([1, 2, 1].lastIndexOf(1))`,
  `string([1].indexOf(9))`,
  `string(sets.contains([1, 2, 3], [2]))`,
  `string(sets.equivalent([1, 2], [2, 1, 1]))`,
  `string(sets.intersects([1], [2]))`,
  `string(7 / 2)`,
  `string(-7 / 2)`,
  `string(7 % 3)`,
  `string(-7 % 3)`,
  `string(1 / 0)`,
  `string(int('42') + 1)`,
  `string(int(3.9))`,
  `string(uint(5))`,
  `string(double('1.5'))`,
  `string(1.0)`,
  `string(1.5)`,
  `string(1e21)`,
  `string(0.1 + 0.2)`,
  `string(9223372036854775807)`,
  `string(-9223372036854775808)`,
  `string(9223372036854775807 + 1)`,
  `string(duration('90m').getHours())`,
  `string(duration('1h30m'))`,
  `string(duration('0.5s'))`,
  `string(timestamp('2026-01-02T03:04:05Z').getFullYear())`,
  `string(timestamp('2026-01-02T03:04:05Z'))`,
  `string(timestamp('2026-01-02T03:04:05Z') + duration('24h'))`,
  `string(timestamp('2026-01-02T03:04:05Z').getDayOfWeek())`,
  `string(timestamp('2026-01-02T03:04:05Z').getMonth())`,
  `string([1, 2, 3].exists(x, x > 2))`,
  `string([1, 2, 3].exists_one(x, x > 1))`,
  `string([].all(x, false))`,
  `string([1, 2, 3].filter(x, x != 2)[1])`,
  `string([1, 2, 3].map(x, x * 2)[2])`,
  `string([1, 2, 3].map(x, x > 1, x)[0])`,
  `string([1, 2, 3].map(x, x > 1, x).size())`,
  `string({'a': 1, 'b': 2}.all(k, k < 'c'))`,
  `string({'a': 1, 'b': 2}.exists(k, k == 'b'))`,
  `string('a' in ['a'])`,
  `string('a' in {'a': 1})`,
  `string(has(self.text))`,
  `string(has(self.none))`,
  `self.?none.orValue('default')`,
  `self.?text.orValue('default')`,
  `self.?none.hasValue() ? 'yes' : 'no'`,
  `self.text`,
  `self.names[1]`,
  `string(self.count)`,
  `self.labels['k']`,
  `self.names.exists(n, n == 'b') && self.count > 4 ? 'both' : 'not'`,
  `string(self.ratio)`,
  `string(self.flag)`,
  `string(type(self.count) == int)`,
  `string(type(self.ratio) == double)`,
  `string([1, 2] == [1, 2])`,
  `string({'a': 1} == {'a': 1})`,
  `string(b'abc')`,
  `string(bytes('abc').size())`,
  `r'\\d' + '\\u00e9' + "it's"`,
  `string('a' < 'b')`,
  `string('10' < '9')`,
  `string(true || false)`,
  `string(!(1 > 2))`,
  `string(dyn(1) == dyn('1'))`,
  `string(self.text.startsWith('h') && self.text.endsWith('o') && self.text.contains('ell'))`,
];

/** What the embedded server refuses when a definition that uses it is made: docs say so, and a real one knows it. */
const REFUSED: readonly string[] = [
  `string(quantity('1Ki').isGreaterThan(quantity('1')))`,
  `url('https://example.com/a').getHost()`,
  `string(semver('1.2.3').major())`,
  `string(format.dns1123Label().validate('a').hasValue())`,
  `string([1, 2].all(i, v, i < v))`,
  `'%s is %d'.format(['x', 5])`,
];

const definition = (plural: string, expressions: readonly string[]): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.test.warren.dev` },
  spec: {
    group: 'test.warren.dev',
    scope: 'Cluster',
    names: { plural, singular: plural.slice(0, -1), kind: plural.slice(0, -1), listKind: `${plural}list` },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema(expressions) } }],
  },
});

const text = { type: 'string', maxLength: 20 };
const schema = (expressions: readonly string[]): JsonObject => ({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        text,
        none: text,
        names: { type: 'array', maxItems: 5, items: text },
        count: { type: 'integer' },
        ratio: { type: 'number' },
        flag: { type: 'boolean' },
        labels: { type: 'object', maxProperties: 5, additionalProperties: text },
      },
      'x-kubernetes-validations': expressions.map((messageExpression, i) => ({
        rule: 'false',
        message: `expression ${i} failed`,
        messageExpression,
      })),
    },
  },
});

const SPEC = { text: 'hello', names: ['a', 'b'], count: 5, ratio: 1.5, flag: true, labels: { k: 'v' } };
/** So many rules fit into the budget that a schema has. */
const RULES_A_KIND = 30;

t.test('expressions', async (t) => {
  const { server: embedded } = await startEmbeddedServer(t);
  const [ours, theirs] = [callWith(embedded, {}), callWith(await startRealServer(t), {})];
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

  await t.test('come to the same', async (t) => {
    let failed = 0;
    for (let from = 0; from < EXPRESSIONS.length; from += RULES_A_KIND) {
      const expressions = EXPRESSIONS.slice(from, from + RULES_A_KIND);
      const plural = `cels${from}s`;
      const made = definition(plural, expressions);
      const messages = async (call: typeof ours): Promise<string[]> => {
        const { code, message } = await call('POST', definitions, { body: made });
        if (code !== 201) throw new Error(message);
        const body = {
          apiVersion: 'test.warren.dev/v1',
          kind: plural.slice(0, -1),
          metadata: { name: 'x' },
          spec: SPEC,
        };
        let answer = await call('POST', `/apis/test.warren.dev/v1/${plural}`, { body });
        for (const until = Date.now() + 20_000; answer.code === 404 && Date.now() < until;)
          answer = await call('POST', `/apis/test.warren.dev/v1/${plural}`, { body });
        return asArray(at(answer.body, 'details', 'causes')).map((cause) => asString(at(cause, 'message')));
      };
      const [mine, real] = await Promise.all([messages(ours), messages(theirs)]);
      for (const [i, expression] of expressions.entries()) t.equal(mine[i], real[i] ?? 'no answer', expression);
      failed += real.filter((message) => /expression \d+ failed/.test(message)).length;
    }
    t.ok(failed < EXPRESSIONS.length / 5, `${failed} gave no text: the others have been evaluated`);
  });

  await t.test('that the embedded server does not know are refused with their definition', async (t) => {
    for (const [i, expression] of REFUSED.entries()) {
      const body = definition(`refused${i}s`, [expression]);
      t.equal((await theirs('POST', `${definitions}?dryRun=All`, { body })).code, 201, expression);
      t.match(await ours('POST', `${definitions}?dryRun=All`, { body }), { code: 422, message: /compil/ }, expression);
    }
  });
});
