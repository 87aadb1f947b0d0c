// The rules that one object does not show, kept by the policies of deploy/policies on both API servers.
import t, { type Test } from 'tap';
import type { JsonObject } from '../../lib/lab/apiserver/json.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { type Answer, type Api, withApiServers } from './harness.ts';

const PREFIX = '/apis/warren.dev/v1alpha1';
const KINDS = { networks: 'Network', addresspools: 'AddressPool', networkclaims: 'NetworkClaim' } as const;
type Plural = keyof typeof KINDS;

const objectOf = (plural: Plural, name: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'warren.dev/v1alpha1',
  kind: KINDS[plural],
  metadata: { name },
  spec,
});

/** The API server compares with what its cache holds, which is a moment behind, and gets to know our kinds within half a minute. */
const PATIENCE_MS = 45_000;

interface Words {
  create(plural: Plural, name: string, spec: JsonObject): Promise<Answer>;
  /** Fails when it is not let through at last. */
  make(plural: Plural, name: string, spec: JsonObject): Promise<void>;
  /** Tries, without storing anything, until it is refused in these words. */
  refuses(what: string, plural: Plural, name: string, spec: JsonObject, says: RegExp): Promise<void>;
  remove(plural: Plural, name: string): Promise<void>;
}

function wordsFor(t: Test, { call }: Api): Words {
  const create = (plural: Plural, name: string, spec: JsonObject, query = ''): Promise<Answer> =>
    call('POST', `${PREFIX}/${plural}${query}`, { body: objectOf(plural, name, spec) });
  return {
    create,
    make: (plural, name, spec) =>
      eventually(async () => {
        const { code, message } = await create(plural, name, spec);
        if (code !== 201) throw new Error(message);
      }, PATIENCE_MS),
    refuses: async (what, plural, name, spec, says) => {
      const message = await eventually(async () => {
        const answer = await create(plural, name, spec, '?dryRun=All');
        if (answer.code !== 422) throw new Error(`${plural} ${name}: ${answer.code} ${answer.message}`);
        return answer.message;
      }, PATIENCE_MS);
      t.match(message, says, what);
    },
    remove: async (plural, name) => {
      await call('DELETE', `${PREFIX}/${plural}/${name}`);
    },
  };
}

const pool = (cidr: string, prefixLength = 26): JsonObject => ({ cidr, prefixLength });
const overlaps = (of: string, by: string): RegExp =>
  new RegExp(`spec\\.cidr: .* overlaps ${of} of the AddressPool ${by}: write a range that no other pool has`);

withApiServers(t, async (t, api) => {
  await t.test('pools do not overlap', async (t) => {
    const { make, refuses } = wordsFor(t, api);
    await make('addresspools', 'first', pool('10.32.0.0/16'));
    await make('addresspools', 'six', pool('fd00:32::/48', 64));
    const first = overlaps('10\\.32\\.0\\.0/16', 'first');
    await refuses('the same range', 'addresspools', 'second', pool('10.32.0.0/16'), first);
    await refuses('a part of it', 'addresspools', 'second', pool('10.32.7.0/24'), first);
    await refuses('what contains it', 'addresspools', 'second', pool('10.0.0.0/8'), first);
    await refuses('for nodes', 'addresspools', 'second', { ...pool('10.32.0.0/17'), purpose: 'gateway' }, first);
    await refuses('IPv6', 'addresspools', 'second', pool('fd00::/16', 64), overlaps('fd00:32::/48', 'six'));
    await make('addresspools', 'second', pool('10.33.0.0/16'));

    const path = `${PREFIX}/addresspools/second`;
    const enlarge = (cidr: string): Promise<Answer> =>
      api.call('PATCH', path, { type: 'application/merge-patch+json', body: { spec: { cidr } } });
    t.match(await enlarge('10.32.0.0/15'), { code: 422, message: first }, 'when it is enlarged');
    t.match(await enlarge('10.33.0.0/15'), { code: 422, message: /host bits/ });
    t.match(await enlarge('10.33.0.0/17'), { code: 200 }, 'into what was its own');
    const relabel = { metadata: { labels: { a: 'b' } } };
    t.match(await api.call('PATCH', path, { type: 'application/merge-patch+json', body: relabel }), { code: 200 });
  });

  await t.test('the range of a pool that is gone is free', async (t) => {
    const { make, refuses, remove } = wordsFor(t, api);
    await make('addresspools', 'old', pool('10.40.0.0/16'));
    await refuses(
      'while it is there',
      'addresspools',
      'new',
      pool('10.40.0.0/16'),
      overlaps('10\\.40\\.0\\.0/16', 'old'),
    );
    await remove('addresspools', 'old');
    await make('addresspools', 'new', pool('10.40.0.0/16'));
  });

  await t.test('there is one ingress network', async (t) => {
    const { create, make, refuses, remove } = wordsFor(t, api);
    t.equal((await create('networks', 'front', { ingress: true })).code, 201);
    // As the controller does.
    await make('networkclaims', 'ingress', { value: 'ingress', holder: { kind: 'Network', name: 'front', uid: 'u' } });
    const says =
      /spec\.ingress: the Network front is the ingress network, .*: remove ingress here, or delete that one first/;
    await refuses('a second one', 'networks', 'back', { ingress: true }, says);
    t.equal((await create('networks', 'back', {})).code, 201, 'that is none');
    await remove('networks', 'front');
    t.equal((await create('networks', 'front', { ingress: true })).code, 201, 'the same, made again');
    await remove('networks', 'front');
    await remove('networkclaims', 'ingress');
    await make('networks', 'other', { ingress: true });
  });
});
