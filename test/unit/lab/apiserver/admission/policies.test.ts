// ValidatingAdmissionPolicies in the embedded API server: which writes they are asked about, what they see, how they answer.
import t from 'tap';
import type { JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import { start, TOKEN, USER_TOKEN } from '../start.ts';
import { MERGE, talkTo, WIDGETS, widget } from '../talk.ts';
import { binding, BINDINGS, CONFIG_MAPS, create, enforced, POLICIES, policy, widgets } from './enforce.ts';

t.test('a write that breaks a policy is refused in the words of kube-apiserver, and nothing is stored', async (t) => {
  const talk = await enforced(t, {
    validations: [
      { expression: 'object.spec.color != "green"', messageExpression: '"no " + object.spec.color', message: 'unused' },
      { expression: 'object.spec.color != "blue"', reason: 'Forbidden' },
    ],
  });
  t.equal((await create(talk, 'a')).code, 201);
  const denied = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no green";
  t.strictSame((await create(talk, 'g', { color: 'green' })).body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `widgets.test.warren.dev "g" is forbidden: ${denied}`,
    reason: 'Invalid',
    details: { name: 'g', group: 'test.warren.dev', kind: 'widgets', causes: [{ message: denied }] },
    code: 422,
  });
  t.equal((await talk('GET', `${WIDGETS}/g`)).code, 404);
  t.match(await create(talk, 'b', { color: 'blue' }), {
    code: 403,
    body: { reason: 'Forbidden', message: /denied request: failed expression: object\.spec\.color != "blue"/ },
  });
  t.match(await talk('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { spec: { color: 'green' } } }), { code: 422 });
  t.equal((await talk('DELETE', `${POLICIES}/p`)).code, 200);
  t.equal((await create(talk, 'g', { color: 'green' })).code, 201, 'without the policy');
});

t.test('a policy is asked about what it names, and nothing else', async (t) => {
  const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['configmaps'] };
  const cases: [string, JsonObject, boolean][] = [
    ['everything of this kind', {}, true],
    ['another group', { apiGroups: ['apps'] }, false],
    ['another version', { apiVersions: ['v2'] }, false],
    ['another operation', { operations: ['UPDATE', 'DELETE'] }, false],
    ['another resource', { resources: ['secrets'] }, false],
    ['every resource', { resources: ['*'] }, true],
    ['every subresource', { resources: ['*/status'] }, false],
    ['resources and their subresources', { resources: ['*/*'] }, true],
    ['another scope', { scope: 'Cluster' }, false],
    ['this scope', { scope: 'Namespaced' }, true],
    ['this name', { resourceNames: ['a', 'm'] }, true],
    ['another name', { resourceNames: ['a'] }, false],
  ];
  for (const [what, change, isRefused] of cases) {
    await t.test(what, async (t) => {
      const matchConstraints = { resourceRules: [{ ...rule, ...change }] };
      const talk = await enforced(t, { matchConstraints, validations: [{ expression: 'false' }] });
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
      t.equal((await talk('POST', CONFIG_MAPS, { body })).code, isRefused ? 422 : 201);
    });
  }
});

t.test('selectors and exclusions narrow it, in the policy and in the binding', async (t) => {
  const red = { objectSelector: { matchLabels: { a: 'b' } } };
  const kube = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } };
  const cases: [string, JsonObject, JsonObject, boolean][] = [
    ['labels of the object', { ...widgets('*'), ...red }, {}, true],
    ['other labels', { ...widgets('*'), objectSelector: { matchLabels: { a: 'c' } } }, {}, false],
    ['labels that the binding asks for', widgets('*'), { matchResources: red }, true],
    ['a namespace, of what belongs to none', widgets('*'), { matchResources: kube }, true],
    [
      'an exclusion',
      { ...widgets('*'), excludeResourceRules: [...(widgets('CREATE')['resourceRules'] as JsonObject[])] },
      {},
      false,
    ],
  ];
  for (const [what, matchConstraints, bound, isRefused] of cases) {
    await t.test(what, async (t) => {
      const talk = await enforced(t, { matchConstraints, validations: [{ expression: 'false' }] }, bound);
      t.equal((await create(talk, 'x', undefined, { labels: { a: 'b' } })).code, isRefused ? 422 : 201);
    });
  }
});

t.test('what belongs to a namespace goes by the labels of that', async (t) => {
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } };
  const expression = 'namespaceObject.metadata.name != request.namespace';
  const talk = await enforced(t, {
    matchConstraints: { resourceRules, namespaceSelector },
    validations: [{ expression }],
  });
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
  t.equal((await talk('POST', CONFIG_MAPS, { body })).code, 201);
  t.equal((await talk('POST', CONFIG_MAPS.replace('default', 'kube-system'), { body })).code, 422);
});

t.test('expressions see the object before and after, who asks, the namespace and variables', async (t) => {
  const rest = { matchConstraints: widgets('CREATE', 'UPDATE', 'DELETE') };
  const holds: [string, string][] = [
    ['create', 'request.operation == "CREATE" && oldObject == null && object.metadata.name == request.name'],
    ['user', 'request.userInfo.username == "admin" && "system:masters" in request.userInfo.groups'],
    ['kind', 'request.kind.kind == "Widget" && request.resource.resource == "widgets" && request.namespace == ""'],
    ['no namespace', 'namespaceObject == null'],
    ['integers', 'object.spec.size + 1 == 6'],
    ['networks', 'cidr("10.0.0.0/8").containsIP("10.1.2.3")'],
    ['variables', 'variables.twice == "redred"'],
    ['no dry run', '!request.dryRun'],
  ];
  const variables = [
    { name: 'twice', expression: 'object.spec.color + object.spec.color' },
    { name: 'broken', expression: 'object.spec.nothing' },
  ];
  for (const [what, expression] of holds) {
    await t.test(what, async (t) => {
      const talk = await enforced(t, { ...rest, variables, validations: [{ expression }] });
      t.match(await create(talk, 'a', { color: 'red', size: 5 }), { code: 201 });
    });
  }
  await t.test('delete', async (t) => {
    const expression = 'request.operation != "DELETE" || (object == null && oldObject.spec.color == "red")';
    const talk = await enforced(t, { ...rest, validations: [{ expression }] });
    await create(talk, 'red');
    await create(talk, 'blue', { color: 'blue' });
    t.equal((await talk('DELETE', `${WIDGETS}/red`)).code, 200);
    t.equal((await talk('DELETE', `${WIDGETS}/blue`)).code, 422);
    t.equal((await talk('DELETE', WIDGETS)).code, 422, 'of all');
    t.equal((await talk('GET', `${WIDGETS}/blue`)).code, 200);
  });
});

t.test('what cannot be evaluated is refused, or let through where the policy says so', async (t) => {
  const broken = { validations: [{ expression: 'object.spec.nothing == 1' }] };
  const failing = await enforced(t, broken);
  t.match(await create(failing, 'a'), {
    code: 422,
    body: { message: /expression 'object\.spec\.nothing == 1' resulted in error: no such key: nothing/ },
  });
  t.equal((await create(await enforced(t, { ...broken, failurePolicy: 'Ignore' }), 'a')).code, 201);
  const variables = [{ name: 'v', expression: 'object.spec.nothing' }];
  t.match(await create(await enforced(t, { variables, validations: [{ expression: 'variables.v == 1' }] }), 'a'), {
    body: { message: /resulted in error: composited variable "v" fails to evaluate: no such key: nothing/ },
  });
});

t.test('a match condition decides before the validations', async (t) => {
  const matchConditions = [{ name: 'green', expression: 'object.spec.color == "green"' }];
  const talk = await enforced(t, { matchConditions, validations: [{ expression: 'false', message: 'green' }] });
  t.equal((await create(talk, 'a')).code, 201);
  t.match(await create(talk, 'b', { color: 'green' }), { code: 422, body: { message: /denied request: green$/ } });
  const broken = [{ name: 'broken', expression: 'object.spec.nothing' }];
  const validations = [{ expression: 'true' }];
  t.equal((await create(await enforced(t, { matchConditions: broken, validations }), 'a')).code, 422);
  const ignored = await enforced(t, { matchConditions: broken, validations, failurePolicy: 'Ignore' });
  t.equal((await create(ignored, 'a')).code, 201);
});

t.test('parameters are objects that the binding names or selects', async (t) => {
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'object.spec.color != params.data.color', messageExpression: 'params.metadata.name' }],
  };
  const paint = (name: string, color: string, labels: JsonObject = {}): JsonObject => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { color } },
  });
  await t.test('by name', async (t) => {
    const paramRef = { name: 'no', namespace: 'default', parameterNotFoundAction: 'Allow' };
    const talk = await enforced(t, spec, { paramRef });
    t.equal((await create(talk, 'a')).code, 201, 'without the object');
    await talk('POST', CONFIG_MAPS, { body: paint('no', 'red') });
    t.match(await create(talk, 'b'), { code: 422, body: { message: /denied request: no$/ } });
    t.equal((await create(talk, 'c', { color: 'blue' })).code, 201);
  });
  await t.test('all that a selector finds', async (t) => {
    const paramRef = {
      selector: { matchLabels: { no: 'yes' } },
      namespace: 'default',
      parameterNotFoundAction: 'Deny',
    };
    const talk = await enforced(t, spec, { paramRef });
    t.match(await create(talk, 'a'), {
      code: 422,
      body: { message: /no params found for policy binding with `Deny`/ },
    });
    for (const [name, color] of [
      ['r', 'red'],
      ['g', 'green'],
    ] as const)
      await talk('POST', CONFIG_MAPS, { body: paint(name, color, { no: 'yes' }) });
    await talk('POST', CONFIG_MAPS, { body: paint('b', 'blue') });
    t.match(await create(talk, 'r'), { code: 422, body: { message: /denied request: r$/ } });
    t.match(await create(talk, 'g', { color: 'green' }), { code: 422, body: { message: /denied request: g$/ } });
    t.equal((await create(talk, 'b', { color: 'blue' })).code, 201, 'not selected');
  });
  await t.test('of a kind that is not served', async (t) => {
    const unknown = { ...spec, paramKind: { apiVersion: 'v1', kind: 'Colour' } };
    const paramRef = { name: 'no', namespace: 'default', parameterNotFoundAction: 'Allow' };
    const message =
      /Policy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'v1, Kind=Colour'/;
    t.match(await create(await enforced(t, unknown, { paramRef }), 'a'), { code: 422, body: { message } });
    const ignored = await enforced(t, { ...unknown, failurePolicy: 'Ignore' }, { paramRef });
    t.equal((await create(ignored, 'a')).code, 201);
  });
});

t.test('a binding may warn instead', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  await talk('POST', POLICIES, { body: policy({ validations: [{ expression: 'false', message: 'careful' }] }) });
  await talk('POST', BINDINGS, { body: binding({ validationActions: ['Warn'] }) });
  const response = await fetch(url + WIDGETS, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(widget('a')),
  });
  t.equal(response.status, 201);
  t.match(
    response.headers.get('warning'),
    /Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': careful/,
  );
});

t.test('who asks is judged by name', async (t) => {
  const talk = await enforced(t, { validations: [{ expression: 'request.userInfo.username == "admin"' }] });
  t.equal((await create(talk, 'a')).code, 201);
  t.equal((await talk('POST', WIDGETS, { body: widget('b'), token: USER_TOKEN })).code, 422);
});
