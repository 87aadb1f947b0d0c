// Policies and bindings as objects: which are refused, and how they show.
import t from 'tap';
import type { JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import { start, TOKEN } from '../start.ts';
import { talkTo } from '../talk.ts';
import { binding, BINDINGS, POLICIES, policy } from './enforce.ts';

t.test('policies that cannot be kept to are refused, naming the field', async (t) => {
  const talk = talkTo((await start(t)).url);
  const validations = [{ expression: 'true' }];
  const policies: [string, JsonObject, RegExp][] = [
    ['no validation', { validations: [] }, /spec\.validations/],
    [
      'a syntax error',
      { validations: [{ expression: 'object.' }] },
      /spec\.validations\[0\]\.expression: .*compilation failed/,
    ],
    ['no truth', { validations: [{ expression: '1 + 1' }] }, /must evaluate to bool/],
    ['the authorizer', { validations: [{ expression: 'authorizer.path("/x").check("get").allowed()' }] }, /authorizer/],
    ['a name of rules', { validations: [{ expression: 'self.spec.color == ""' }] }, /self/],
    ['an unknown function', { validations: [{ expression: 'quantity("1") == 1' }] }, /quantity/],
    ['an unknown field', { validations, nope: 1 }, /nope/],
    [
      'audit annotations',
      { validations, auditAnnotations: [{ key: 'a', valueExpression: '"b"' }] },
      /auditAnnotations/,
    ],
    ['no resources', { validations, matchConstraints: {} }, /spec\.matchConstraints\.resourceRules/],
    [
      'a broken variable',
      { validations, variables: [{ name: 'a', expression: '(' }] },
      /spec\.variables\[0\]\.expression/,
    ],
  ];
  for (const [what, spec, message] of policies)
    t.match(await talk('POST', POLICIES, { body: policy(spec) }), { code: 422, body: { message } }, what);
  const bindings: [string, JsonObject, RegExp][] = [
    ['no policy', { policyName: '' }, /spec\.policyName/],
    ['an action that would do nothing', { validationActions: ['Audit'] }, /spec\.validationActions/],
    ['a reference to nothing', { paramRef: { parameterNotFoundAction: 'Allow' } }, /either name or selector/],
  ];
  for (const [what, spec, message] of bindings)
    t.match(await talk('POST', BINDINGS, { body: binding(spec) }), { code: 422, body: { message } }, what);
});

t.test('policies show in tables as kube-apiserver shows them', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  await talk('POST', POLICIES, { body: policy({ paramKind, validations: [{ expression: 'true' }] }) });
  await talk('POST', BINDINGS, {
    body: binding({ paramRef: { name: 'no', namespace: 'default', parameterNotFoundAction: 'Allow' } }),
  });
  const cells = async (path: string): Promise<unknown> => {
    const headers = { Authorization: `Bearer ${TOKEN}`, Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const table = (await (await fetch(url + path, { headers })).json()) as { rows: { cells: unknown[] }[] };
    return table.rows[0]?.cells.slice(0, -1);
  };
  t.strictSame(await cells(POLICIES), ['p', 1, 'v1/ConfigMap']);
  t.strictSame(await cells(BINDINGS), ['b', 'p', 'default/no']);
});
