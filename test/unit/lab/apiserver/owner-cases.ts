/** What becomes of dependents when their owners go, and of a namespace's content: asked of any API server with its collectors running. */
import type { Test } from 'tap';
import type { JsonObject } from '../../../../lib/lab/apiserver/json.ts';
import { MERGE, type Talk, until as untilWithin, WIDGETS, widget } from './talk.ts';

export interface OwnerCase {
  readonly name: string;
  run(t: Test, talk: Talk): Promise<void>;
}

/** kube-controller-manager looks again after seconds. */
const PATIENCE_MS = 30_000;
const until = (what: string, holds: () => boolean | Promise<boolean>) => untilWithin(what, holds, PATIENCE_MS);

const MAPS = '/api/v1/namespaces/default/configmaps';
const reference = (owner: JsonObject, block = false): JsonObject => ({
  apiVersion: 'test.warren.dev/v1',
  kind: 'Widget',
  name: owner['name'] ?? '',
  uid: owner['uid'] ?? '',
  ...(block ? { blockOwnerDeletion: true } : {}),
});
const map = (name: string, metadata: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});

const make = async (talk: Talk, name: string, metadata: JsonObject = {}): Promise<JsonObject> =>
  (await talk('POST', WIDGETS, { body: widget(name, metadata) })).body.metadata;
const own = (talk: Talk, name: string, owners: JsonObject[], metadata: JsonObject = {}) =>
  talk('POST', MAPS, { body: map(name, { ownerReferences: owners, ...metadata }) });
const isGone = (talk: Talk, path: string) => async () => (await talk('GET', path)).code === 404;

export const ownerCases: readonly OwnerCase[] = [
  {
    name: 'in the background, all generations go',
    async run(t, talk) {
      const grandparent = await make(talk, 'grand');
      const parent = await make(talk, 'parent', { ownerReferences: [reference(grandparent)] });
      await own(talk, 'child', [reference(parent)]);
      await own(talk, 'stranger', []);
      t.equal((await talk('DELETE', `${WIDGETS}/grand`)).code, 200);
      await until('the child is gone', isGone(talk, `${MAPS}/child`));
      t.equal((await talk('GET', `${WIDGETS}/parent`)).code, 404);
      t.equal((await talk('GET', `${MAPS}/stranger`)).code, 200);
    },
  },

  {
    name: 'an object with another owner stays, and forgets the one that is gone',
    async run(t, talk) {
      const [one, two] = [await make(talk, 'one'), await make(talk, 'two')];
      await own(talk, 'child', [reference(one), reference(two)]);
      await talk('DELETE', `${WIDGETS}/one`);
      await until('one owner is left', async () => {
        const { body } = await talk('GET', `${MAPS}/child`);
        return (body.metadata['ownerReferences'] as JsonObject[]).length === 1;
      });
      t.match((await talk('GET', `${MAPS}/child`)).body, { metadata: { ownerReferences: [{ name: 'two' }] } });
      await talk('DELETE', `${WIDGETS}/two`);
      await until('the last owner takes it', isGone(talk, `${MAPS}/child`));
    },
  },

  {
    name: 'in the foreground, the owner waits for those that block it',
    async run(t, talk) {
      const owner = await make(talk, 'owner');
      await own(talk, 'held', [reference(owner, true)], { finalizers: ['warren.dev/x'] });
      const deleted = await talk('DELETE', `${WIDGETS}/owner`, { body: { propagationPolicy: 'Foreground' } });
      t.match(deleted, {
        code: 200,
        body: { metadata: { finalizers: ['foregroundDeletion'], deletionTimestamp: /./ } },
      });
      await until(
        'the child is being deleted',
        async () => 'deletionTimestamp' in (await talk('GET', `${MAPS}/held`)).body.metadata,
      );
      t.equal((await talk('GET', `${WIDGETS}/owner`)).code, 200, 'still there');
      await talk('PATCH', `${MAPS}/held`, { type: MERGE, body: { metadata: { finalizers: null } } });
      await until('the owner goes after it', isGone(talk, `${WIDGETS}/owner`));
    },
  },

  {
    name: 'orphans are let go',
    async run(t, talk) {
      const owner = await make(talk, 'owner');
      await own(talk, 'orphan', [reference(owner)]);
      await talk('DELETE', `${WIDGETS}/owner?propagationPolicy=Orphan`);
      await until('the owner is gone', isGone(talk, `${WIDGETS}/owner`));
      const orphan = await talk('GET', `${MAPS}/orphan`);
      t.equal(orphan.code, 200);
      t.notHas(orphan.body.metadata, { ownerReferences: [] });
    },
  },

  {
    name: 'an owner that was never there, or was made anew under its name, is no owner',
    async run(t, talk) {
      const first = await make(talk, 'owner');
      await talk('DELETE', `${WIDGETS}/owner`);
      await make(talk, 'owner');
      await own(talk, 'late', [reference(first)]);
      await until('it goes', isGone(talk, `${MAPS}/late`));
      const unknown = { apiVersion: 'other.example/v1', kind: 'Thing', name: 'x', uid: 'x' };
      await own(talk, 'unknown', [unknown]);
      t.equal((await talk('GET', `${MAPS}/unknown`)).code, 200, 'of a kind that nobody serves, nothing can be said');
    },
  },

  {
    name: 'a namespace goes after its content',
    async run(t, talk) {
      const path = '/api/v1/namespaces/team';
      await talk('POST', '/api/v1/namespaces', {
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } },
      });
      await talk('POST', `${path}/configmaps`, { body: map('free', {}) });
      await talk('POST', `${path}/configmaps`, { body: map('held', { finalizers: ['warren.dev/x'] }) });
      t.match(await talk('DELETE', path), { code: 200, body: { status: { phase: 'Terminating' } } });
      await until('what is free goes', isGone(talk, `${path}/configmaps/free`));
      t.match(await talk('POST', `${path}/configmaps`, { body: map('new', {}) }), {
        code: 403,
        body: { reason: 'Forbidden', message: /because it is being terminated$/ },
      });
      await talk('PATCH', path, { type: MERGE, body: { metadata: { labels: { a: 'b' } } } });
      t.equal((await talk('GET', path)).code, 200, 'held by its content, also when it is changed meanwhile');
      await talk('PATCH', `${path}/configmaps/held`, { type: MERGE, body: { metadata: { finalizers: null } } });
      await until('the namespace goes', isGone(talk, path));
    },
  },
];
