/** The built-in kinds that hold data: Namespace, Secret, ConfigMap, Event, Lease. */
import { age } from './age.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { asArray, asObject, asString, at, isObject, type JsonObject } from './json.ts';
import { configKey, dnsLabel } from './names.ts';
import type { KubeObject } from './object.ts';
import { ALL_VERBS, type BuiltinKind } from './resource.ts';
import { type FieldError, forbiddenField, invalidValue } from './status.ts';

/** A status update of these kinds may change metadata, but nothing else. */
export function keepSpec(object: KubeObject, old: KubeObject): void {
  if (old['spec'] === undefined) delete object['spec'];
  else object['spec'] = old['spec'];
}
export function keepStatus(object: KubeObject, old: KubeObject): void {
  if (old['status'] === undefined) delete object['status'];
  else object['status'] = old['status'];
}

/** The NamespaceLifecycle admission plugin keeps them. */
const IMMORTAL = ['default', 'kube-system', 'kube-public'];

export const namespaceKind: BuiltinKind = {
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  hasStatus: true,
  returnsDeleted: true,
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  nameRule: dnsLabel,
  selectable: { 'status.phase': (object) => asString(at(object, 'status', 'phase')) },
  columns: [nameColumn, column('Status', (object) => asString(at(object, 'status', 'phase'))), ageColumn],
  strategy: {
    defaults(object) {
      const metadata = asObject(object['metadata']);
      const name = asString(metadata['name']);
      if (name !== '') metadata['labels'] = { ...asObject(metadata['labels']), 'kubernetes.io/metadata.name': name };
    },
    prepareCreate(object) {
      object['spec'] = { finalizers: ['kubernetes'] };
      object['status'] = { phase: 'Active' };
    },
    prepareUpdate(object, old) {
      keepSpec(object, old);
      keepStatus(object, old);
    },
    prepareStatus: keepSpec,
    refuseDelete: ({ metadata }) =>
      IMMORTAL.includes(metadata.name) ? 'this namespace may not be deleted' : undefined,
    beginDelete(object, timestamp) {
      if (asArray(at(object, 'spec', 'finalizers')).length === 0) return undefined;
      const deletionTimestamp = object.metadata.deletionTimestamp ?? timestamp;
      return { ...object, metadata: { ...object.metadata, deletionTimestamp }, status: { phase: 'Terminating' } };
    },
  },
};

const keyErrors = (path: string, data: JsonObject): FieldError[] =>
  Object.keys(data).flatMap((key) => configKey(key).map((text) => invalidValue(`${path}[${key}]`, key, text)));

const count = (object: KubeObject, ...fields: string[]): number =>
  fields.reduce((sum, name) => sum + Object.keys(asObject(object[name])).length, 0);

/** `immutable: true` freezes the data for good. */
function immutableErrors(object: KubeObject, old: KubeObject | undefined, fields: readonly string[]): FieldError[] {
  if (old?.['immutable'] !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  return ['immutable', ...fields]
    .filter((name) => JSON.stringify(object[name]) !== JSON.stringify(old[name]))
    .map((name) => forbiddenField(name, why));
}

export const secretKind: BuiltinKind = {
  kind: 'Secret',
  plural: 'secrets',
  selectable: { type: (object) => asString(object['type']) },
  columns: [
    nameColumn,
    column('Type', (object) => asString(object['type'])),
    column('Data', (object) => count(object, 'data')),
    ageColumn,
  ],
  strategy: {
    prepareStatus: () => undefined,
    defaults(object) {
      object['type'] ??= 'Opaque';
      const text = object['stringData'];
      delete object['stringData'];
      if (!isObject(text)) return;
      const encoded = Object.entries(text).map(([key, value]) => [
        key,
        Buffer.from(asString(value)).toString('base64'),
      ]);
      object['data'] = { ...asObject(object['data']), ...(Object.fromEntries(encoded) as JsonObject) };
    },
    validate: (object, old) => [
      ...keyErrors('data', asObject(object['data'])),
      ...immutableErrors(object, old, ['data', 'type']),
      ...(old !== undefined && old['type'] !== object['type']
        ? [invalidValue('type', object['type'], 'field is immutable')]
        : []),
    ],
  },
};

export const configMapKind: BuiltinKind = {
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  columns: [nameColumn, column('Data', (object) => count(object, 'data', 'binaryData')), ageColumn],
  strategy: {
    prepareStatus: () => undefined,
    validate: (object, old) => [
      ...keyErrors('data', asObject(object['data'])),
      ...keyErrors('binaryData', asObject(object['binaryData'])),
      ...immutableErrors(object, old, ['data', 'binaryData']),
    ],
  },
};

const text =
  (...path: string[]) =>
  (object: KubeObject) =>
    asString(at(object, ...path));
const involved = (object: KubeObject): string =>
  `${asString(at(object, 'involvedObject', 'kind')).toLowerCase()}/${asString(at(object, 'involvedObject', 'name'))}`;

export const eventKind: BuiltinKind = {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  createOnUpdate: true,
  selectable: {
    'involvedObject.kind': text('involvedObject', 'kind'),
    'involvedObject.namespace': text('involvedObject', 'namespace'),
    'involvedObject.name': text('involvedObject', 'name'),
    'involvedObject.uid': text('involvedObject', 'uid'),
    'involvedObject.apiVersion': text('involvedObject', 'apiVersion'),
    'involvedObject.resourceVersion': text('involvedObject', 'resourceVersion'),
    'involvedObject.fieldPath': text('involvedObject', 'fieldPath'),
    reason: text('reason'),
    reportingComponent: text('reportingComponent'),
    source: text('source', 'component'),
    type: text('type'),
  },
  columns: [
    column('Last Seen', (object, now) => age(text('lastTimestamp')(object) || text('eventTime')(object), now)),
    column('Type', text('type')),
    column('Reason', text('reason')),
    column('Object', involved),
    column('Subobject', text('involvedObject', 'fieldPath'), 1),
    column('Source', (object) => text('source', 'component')(object) || text('reportingComponent')(object), 1),
    column('Message', (object) => text('message')(object).trim()),
    column('First Seen', (object, now) => age(text('firstTimestamp')(object) || text('eventTime')(object), now), 1),
    column('Count', (object) => object['count'] ?? 1, 1),
    { ...nameColumn, priority: 1 },
  ],
  strategy: {
    prepareStatus: () => undefined,
    validate(object) {
      const namespace = at(object, 'involvedObject', 'namespace');
      const own = object.metadata.namespace ?? '';
      if (asString(namespace) === own || (namespace === undefined && own === 'default')) return [];
      return [invalidValue('involvedObject.namespace', namespace ?? '', 'does not match event.namespace')];
    },
  },
};

export const leaseKind: BuiltinKind = {
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn, column('Holder', text('spec', 'holderIdentity')), ageColumn],
  strategy: {
    prepareStatus: () => undefined,
    validate(object) {
      const duration = at(object, 'spec', 'leaseDurationSeconds');
      if (typeof duration !== 'number' || duration > 0) return [];
      return [invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0')];
    },
  },
};
