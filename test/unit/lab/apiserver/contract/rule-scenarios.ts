/** What an API server is asked about a definition with CEL rules (fixtures/ruled-crd.yaml). */
import type { JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import type { Scenario } from './scenarios.ts';

const PATH = '/apis/test.warren.dev/v1/namespaces/default/ruleds';
const MERGE = 'application/merge-patch+json';
const ruled = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'test.warren.dev/v1',
  kind: 'Ruled',
  metadata: { name },
  spec,
});

const creating: Scenario = {
  name: 'rules on creation',
  async run(api) {
    const attempt = (what: string, spec: JsonObject, name = 'r') =>
      api.call(what, 'POST', PATH, { body: ruled(name, spec) });
    await attempt('the whole object', {}, 'forbidden');
    await attempt('no CIDR', { cidr: 'x' });
    await attempt('host bits', { cidr: '10.0.0.1/24' });
    await attempt('a gateway outside', { cidr: '10.0.0.0/24', gateway: '10.0.1.1' });
    await attempt('a reason', { small: 2, large: 1 });
    await attempt('a missing field in a rule', { large: 0 });
    await attempt('duplicate names', { names: ['a', 'a'] });
    await attempt('a map value', { labels: { a: 'bad', b: 'good' } });
    await attempt('a reserved field name', { namespace: 'kube-system' });
    await attempt('a timestamp', { since: '2019-01-01T00:00:00Z' });
    await attempt('not run on what the schema refuses', { cidr: 5, small: 2, large: 1 });
    await attempt('run besides what the schema complains of', { cidr: '10.0.0.1/24', gateway: 'x' });
    await attempt('all is well', {
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      vni: 5,
      small: 1,
      large: 2,
      mode: 'on',
      names: ['a'],
      parts: [{ name: 'a', count: 5 }],
      labels: { a: 'b' },
      since: '2026-01-01T00:00:00Z',
    });
    await api.quietly('DELETE', PATH);
  },
};

const updating: Scenario = {
  name: 'rules on update',
  async run(api) {
    const spec: JsonObject = {
      vni: 5,
      mode: 'on',
      names: ['a'],
      parts: [{ name: 'a', count: 5 }, { name: 'b' }],
      cidr: '10.0.0.0/24',
    };
    await api.quietly('POST', PATH, { body: ruled('r', spec) });
    const change = (what: string, patch: JsonObject, suffix = '') =>
      api.call(what, 'PATCH', `${PATH}/r${suffix}`, { type: MERGE, body: patch });
    await change('an immutable field', { spec: { vni: 6 } });
    await change('an immutable field that goes', { spec: { vni: null } });
    await change('an immutable field that comes back', { spec: { vni: 7 } });
    await change('switching off', { spec: { mode: 'off' } });
    await change('an append-only list', { spec: { names: ['b'] } });
    await change('an append-only list that grows', { spec: { names: ['a', 'b'] } });
    await change('an item of a keyed list', {
      spec: {
        parts: [
          { name: 'b', count: 1 },
          { name: 'a', count: 4 },
        ],
      },
    });
    await change('a new item of a keyed list', {
      spec: {
        parts: [
          { name: 'c', count: 1 },
          { name: 'a', count: 6 },
        ],
      },
    });
    await change('status', { status: { phase: 'impossible' } }, '/status');
    await change('status without the field', { status: {} }, '/status');
    await api.quietly('DELETE', PATH);
  },
};

export const ruleScenarios: readonly Scenario[] = [creating, updating];
