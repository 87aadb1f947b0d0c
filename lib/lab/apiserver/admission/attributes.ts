/** A write as admission sees it (k8s.io/apiserver/pkg/admission). */
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { ApiRequest } from '../request.ts';
import { apiVersionOf } from '../resource.ts';
import { userInfo } from '../user.ts';

export interface Attributes {
  readonly request: ApiRequest;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  /** Undefined for a deletion. */
  readonly object: KubeObject | undefined;
  /** Undefined for a creation. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
}

export const nameOf = ({ object, old }: Attributes): string => (object ?? old)?.metadata.name ?? '';

/** The namespace that it is about; empty for what belongs to none. */
export const namespaceOf = ({ request }: Attributes): string => (request.type.namespaced ? request.path.namespace : '');

/** The `request` of expressions: admission.k8s.io/v1 AdmissionRequest without its objects. */
export function admissionRequest(attributes: Attributes): JsonObject {
  const { request, operation, dryRun } = attributes;
  const { group, version, kind, plural } = request.type;
  const subResource = request.path.subresource;
  const groupVersion = { group, version };
  return {
    kind: { ...groupVersion, kind },
    resource: { ...groupVersion, resource: plural },
    subResource,
    requestKind: { ...groupVersion, kind },
    requestResource: { ...groupVersion, resource: plural },
    requestSubResource: subResource,
    name: nameOf(attributes),
    namespace: namespaceOf(attributes),
    operation,
    userInfo: userInfo(request.user),
    dryRun,
    options: { apiVersion: 'meta.k8s.io/v1', kind: OPTIONS[operation] },
  };
}

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** As expressions see an object: with its kind, whatever the client wrote. */
export const withKind = ({ request }: Attributes, object: KubeObject): KubeObject => ({
  ...object,
  apiVersion: apiVersionOf(request.type),
  kind: request.type.kind,
});
