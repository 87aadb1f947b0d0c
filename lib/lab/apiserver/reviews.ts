/** Questions about oneself: `kubectl auth whoami` and `kubectl auth can-i`. Every user of this server may do everything. */
import type { JsonObject } from './json.ts';
import { type User, userInfo } from './user.ts';

interface Review {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  status(user: User): JsonObject;
}

const REVIEWS: readonly Review[] = [
  {
    group: 'authentication.k8s.io',
    kind: 'SelfSubjectReview',
    plural: 'selfsubjectreviews',
    status: (user) => ({ userInfo: userInfo(user) }),
  },
  {
    group: 'authorization.k8s.io',
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    status: () => ({ allowed: true, reason: 'the embedded API server authorizes every user' }),
  },
];

/** As discovery lists them. */
export const extraResources = REVIEWS.map(({ group, kind, plural }) => ({
  group,
  entry: { name: plural, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] },
  aggregated: {
    resource: plural,
    responseKind: { group, version: 'v1', kind },
    scope: 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: ['create'],
  },
}));

/** The answer to a posted review; undefined when the path is no review's. */
export function review(path: string, user: User, spec: JsonObject): JsonObject | undefined {
  const found = REVIEWS.find(({ group, plural }) => path === `/apis/${group}/v1/${plural}`);
  if (found === undefined) return undefined;
  return { kind: found.kind, apiVersion: `${found.group}/v1`, metadata: {}, ...spec, status: found.status(user) };
}
