/** Questions about oneself: `kubectl auth whoami` and `kubectl auth can-i`. Every user of this server may do everything. */
import { asObject, asString, at, type JsonObject } from './json.ts';
import { compareObjects, shareUpdate, type Writer, writeShares } from './managed-fields.ts';
import { ApiError, badRequest, type FieldError, invalid, invalidValue } from './status.ts';
import { isAdmin, type User, userInfo } from './user.ts';

/** Who asks, when, and with which program. */
export interface Asker {
  readonly user: User;
  readonly time: string;
  readonly manager: string;
}

interface Review {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  answer(posted: JsonObject, asker: Asker): JsonObject;
}

const REVIEWS: readonly Review[] = [
  {
    group: 'authentication.k8s.io',
    kind: 'SelfSubjectReview',
    plural: 'selfsubjectreviews',
    answer: (_, { user, time }) => ({
      metadata: { creationTimestamp: time },
      status: { userInfo: userInfo(user) },
    }),
  },
  {
    group: 'authorization.k8s.io',
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    answer: ({ spec }, asker) => {
      checkAccess(asObject(spec));
      return { metadata: managed(asObject(spec), asker), spec: spec ?? {}, status: accessOf(asker.user) };
    },
  },
];

const EVERYBODY = 'the embedded API server authorizes every user';
const accessOf = (user: User): JsonObject => ({ allowed: true, ...(isAdmin(user) ? {} : { reason: EVERYBODY }) });

function checkAccess({ resourceAttributes, nonResourceAttributes }: JsonObject): void {
  const refuse = (error: FieldError) => invalid({ group: 'authorization.k8s.io', kind: '' }, '', [error]);
  const hasBoth = resourceAttributes !== undefined && nonResourceAttributes !== undefined;
  const hasNone = resourceAttributes === undefined && nonResourceAttributes === undefined;
  if (hasNone) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw refuse(invalidValue('spec.resourceAttributes', null, why));
  }
  if (!hasBoth) return;
  const { path = '', verb = '' } = asObject(nonResourceAttributes);
  const why = 'cannot be specified in combination with resourceAttributes';
  throw refuse(invalidValue('spec.nonResourceAttributes', { Path: path, Verb: verb }, why));
}

/** The question is followed like an object, though it is stored nowhere. */
function managed(spec: JsonObject, { time, manager }: Asker): JsonObject {
  const writer: Writer = { manager, operation: 'Update', apiVersion: 'authorization.k8s.io/v1', subresource: '', time };
  const object = { apiVersion: writer.apiVersion, kind: '', metadata: { name: '' }, spec };
  return { managedFields: writeShares(shareUpdate([], writer, compareObjects({ spec: {} }, object, {}))) };
}

/** As discovery lists them. */
export const extraResources = REVIEWS.map(({ group, kind, plural }) => ({
  group,
  entry: { name: plural, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] },
  aggregated: {
    resource: plural,
    responseKind: { group: '', version: '', kind },
    scope: 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: ['create'],
  },
}));

const reviewAt = (path: string): Review | undefined =>
  REVIEWS.find(({ group, plural }) => path === `/apis/${group}/v1/${plural}`);

export const isReviewPath = (path: string): boolean => reviewAt(path) !== undefined;

/** The answer to a posted review. Throws 400 for another kind, 422 for a question that cannot be answered. */
export function review(path: string, posted: JsonObject, asker: Asker): JsonObject {
  const found = reviewAt(path);
  if (found === undefined) throw new ApiError(404, 'NotFound', `${path} is no review`);
  const kind = asString(at(posted, 'kind'));
  if (kind !== '' && kind !== found.kind) {
    const conversion = `converting (v1.${kind}) to (${found.group.split('.')[0] ?? ''}.${found.kind})`;
    const why = `cannot be handled as a ${found.kind}: ${conversion}: unknown conversion`;
    throw badRequest(`${kind} in version "v1" ${why}`);
  }
  return { kind: found.kind, apiVersion: `${found.group}/v1`, ...found.answer(posted, asker) };
}
