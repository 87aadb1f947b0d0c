// Each rule of our kinds as a table, on both API servers: what keeps to it comes in, what does not is refused with one message that says what to write.
import t, { type Test } from 'tap';
import { asArray, at, type JsonObject } from '../../lib/lab/apiserver/json.ts';
import { type Api, withApiServers } from './harness.ts';
import { changeRules } from './rules/changes.ts';
import { networkRules } from './rules/networks.ts';
import { otherRules } from './rules/others.ts';
import type { Attempt, Kind, Rule } from './rules/rule.ts';

const KINDS: Readonly<Record<Kind, string>> = {
  networks: 'Network',
  addresspools: 'AddressPool',
  networkendpoints: 'NetworkEndpoint',
  nodepeers: 'NodePeer',
  networkclaims: 'NetworkClaim',
};
const PREFIX = '/apis/warren.dev/v1alpha1';

const objectOf = (kind: Kind, name: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'warren.dev/v1alpha1',
  kind: KINDS[kind],
  metadata: { name },
  spec,
});

/** Makes what the attempt starts from, tries it, and removes all again. */
async function attempt(api: Api, kind: Kind, { name = 'blue', spec, from }: Attempt) {
  const collection = `${PREFIX}/${kind}`;
  const path = `${collection}/${name}`;
  try {
    if (from === undefined) return await api.call('POST', collection, { body: objectOf(kind, name, spec) });
    const made = await api.call('POST', collection, { body: objectOf(kind, name, from.spec) });
    if (made.code !== 201) throw new Error(`cannot be made to start from: ${made.message}`);
    const { status } = from;
    const before =
      status === undefined ? made : await api.call('PUT', `${path}/status`, { body: { ...made.body, status } });
    if (before.code > 201) throw new Error(`cannot be made to start from: ${before.message}`);
    return await api.call('PUT', path, { body: { ...before.body, spec } });
  } finally {
    await api.call('DELETE', path);
  }
}

async function check(t: Test, api: Api, { of, good, bad }: Rule): Promise<void> {
  for (const one of good) {
    const { code, message } = await attempt(api, of, one);
    t.ok(code === 200 || code === 201, `comes in: ${text(one)}: ${message}`);
  }
  for (const { says, ...one } of bad) {
    const { code, message, body } = await attempt(api, of, one);
    t.equal(code, 422, `is refused: ${text(one)}`);
    t.match(message, says, text(one));
    // Where a field that is missing or of no allowed value keeps rules from being run, that is said besides.
    const causes = asArray(at(body, 'details', 'causes')).filter((cause) => at(cause, 'field') !== '<nil>');
    t.equal(causes.length, 1, `one message: ${message}`);
  }
}

const text = (attempt: Attempt): string => JSON.stringify(attempt);

withApiServers(t, async (t, api) => {
  for (const rule of [...networkRules, ...changeRules, ...otherRules]) {
    await t.test(`${rule.of}: ${rule.rule}`, (t) => check(t, api, rule));
  }
});
