import { test } from 'tap';
import { parseManifests } from '../../../lib/lab/manifest.ts';

const network = (name: string): string => `apiVersion: warren.dev/v1alpha1\nkind: Network\nmetadata: {name: ${name}}\n`;

test('each document of a manifest is an object; empty ones are none', (t) => {
  const parsed = parseManifests(`# a comment\n---\n${network('blue')}---\n${network('green')}---\n`);
  t.strictSame(parsed.ok && parsed.value.map((object) => object.metadata.name), ['blue', 'green']);
  t.end();
});

test('fields that we know nothing of reach the server', (t) => {
  const parsed = parseManifests(`${network('blue')}spec: {subnets: [{cidr: 10.0.0.0/24}]}\n`);
  t.match(parsed.ok && parsed.value[0], { spec: { subnets: [{ cidr: '10.0.0.0/24' }] } });
  t.end();
});

test('what is no manifest is refused by the number of its document', (t) => {
  const cases = [
    ['', /^no object in it$/],
    [`${network('blue')}---\nkind: Network\nmetadata: {name: green}\n`, /^document 2: apiVersion: /],
    ['apiVersion: v1\nkind: Pod\nmetadata: {}\n', /^document 1: metadata\.name: /],
    ['a: [1\n', /^document 1: /],
    ['- 1\n', /^document 1: /],
  ] as const;
  for (const [text, error] of cases) {
    const parsed = parseManifests(text);
    t.notOk(parsed.ok, text);
    t.match(!parsed.ok && parsed.error, error);
  }
  t.end();
});
