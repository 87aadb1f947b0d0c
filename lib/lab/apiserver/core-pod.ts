/** Pod. */
import { ageColumn, column, nameColumn } from './columns.ts';
import { keepSpec, keepStatus } from './core-kinds.ts';
import { asArray, asObject, asString, at, equalJson, isObject, type JsonObject, omit } from './json.ts';
import type { KubeObject } from './object.ts';
import type { BuiltinKind } from './resource.ts';
import { type FieldError, forbiddenField, required } from './status.ts';

const DEFAULT_GRACE_S = 30;
const SPEC_DEFAULTS: JsonObject = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: DEFAULT_GRACE_S,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
  enableServiceLinks: true,
};
const CONTAINER_DEFAULTS: JsonObject = {
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
};

const fill = (object: JsonObject, defaults: JsonObject): void => {
  for (const [key, value] of Object.entries(defaults)) object[key] ??= isObject(value) ? { ...value } : value;
};

/** The real server pulls what has no tag, or the tag latest, every time. */
const pullPolicy = (image: string): string => (/:(?!latest$)[^/:]+$|@/.test(image) ? 'IfNotPresent' : 'Always');

function defaults(object: JsonObject): void {
  const spec = asObject(object['spec']);
  fill(spec, SPEC_DEFAULTS);
  const containers = [...asArray(spec['containers']), ...asArray(spec['initContainers'])].filter(isObject);
  for (const container of containers) {
    fill(container, { ...CONTAINER_DEFAULTS, imagePullPolicy: pullPolicy(asString(container['image'])) });
    for (const port of asArray(container['ports']).filter(isObject)) fill(port, { protocol: 'TCP' });
  }
}

const tolerate = (key: string): JsonObject => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
});

/** What admission plugins add: Priority and DefaultTolerationSeconds. */
function admit(spec: JsonObject): void {
  fill(spec, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  const tolerations = asArray(spec['tolerations']);
  const added = [tolerate('not-ready'), tolerate('unreachable')].filter(
    (item) => !tolerations.some((toleration) => asObject(toleration)['key'] === item['key']),
  );
  spec['tolerations'] = [...tolerations, ...added];
}

function validate(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (old !== undefined) return immutable(object, old);
  const containers = asArray(at(object, 'spec', 'containers'));
  if (containers.length === 0) return [required('spec.containers')];
  return containers.flatMap((container, i) =>
    ['name', 'image']
      .filter((key) => asString(asObject(container)[key]) === '')
      .map((key) => required(`spec.containers[${i}].${key}`)),
  );
}

const MUTABLE = ['activeDeadlineSeconds', 'terminationGracePeriodSeconds', 'tolerations'];
const withoutImages = (spec: JsonObject, list: string): JsonObject[] =>
  asArray(spec[list]).map((container) => omit(asObject(container), ['image']));

function immutable(object: KubeObject, old: KubeObject): FieldError[] {
  const reduce = (from: KubeObject): JsonObject => {
    const spec = asObject(from['spec']);
    const lists = {
      containers: withoutImages(spec, 'containers'),
      initContainers: withoutImages(spec, 'initContainers'),
    };
    return { ...omit(spec, MUTABLE), ...lists };
  };
  if (equalJson(reduce(object), reduce(old))) return [];
  const why =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
    '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
    '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [forbiddenField('spec', why)];
}

/** A pod that no node runs goes at once; else the kubelet of its node finishes the deletion. */
function gracePeriod(object: KubeObject, asked: number | undefined): number {
  const phase = at(object, 'status', 'phase');
  if (asString(at(object, 'spec', 'nodeName')) === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = at(object, 'spec', 'terminationGracePeriodSeconds');
  return asked ?? (typeof own === 'number' ? own : DEFAULT_GRACE_S);
}

const statuses = (object: KubeObject): JsonObject[] => asArray(at(object, 'status', 'containerStatuses')).map(asObject);
const restarts = (object: KubeObject): string =>
  String(statuses(object).reduce((sum, status) => sum + Number(status['restartCount'] ?? 0), 0));

function ready(object: KubeObject): string {
  const running = statuses(object).filter((status) => status['ready'] === true).length;
  return `${running}/${asArray(at(object, 'spec', 'containers')).length}`;
}

function podStatus(object: KubeObject): string {
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return asString(at(object, 'status', 'reason')) || asString(at(object, 'status', 'phase'));
}

function podIps(object: KubeObject): string {
  const ips = asArray(at(object, 'status', 'podIPs')).map((item) => asString(asObject(item)['ip']));
  return ips[0] ?? (asString(at(object, 'status', 'podIP')) || '<none>');
}

const text =
  (...path: string[]) =>
  (object: KubeObject): string =>
    asString(at(object, ...path));
const textOrNone =
  (...path: string[]) =>
  (object: KubeObject): string =>
    text(...path)(object) || '<none>';

export const podKind: BuiltinKind = {
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  countsGeneration: true,
  returnsDeleted: true,
  selectable: {
    'spec.nodeName': text('spec', 'nodeName'),
    'spec.restartPolicy': text('spec', 'restartPolicy'),
    'spec.schedulerName': text('spec', 'schedulerName'),
    'spec.serviceAccountName': text('spec', 'serviceAccountName'),
    'spec.hostNetwork': (object) => String(at(object, 'spec', 'hostNetwork') === true),
    'status.phase': text('status', 'phase'),
    'status.podIP': text('status', 'podIP'),
    'status.podIPs': text('status', 'podIP'),
    'status.nominatedNodeName': text('status', 'nominatedNodeName'),
  },
  columns: [
    nameColumn,
    column('Ready', ready),
    column('Status', podStatus),
    column('Restarts', restarts),
    ageColumn,
    column('IP', podIps, 1),
    column('Node', textOrNone('spec', 'nodeName'), 1),
    column('Nominated Node', textOrNone('status', 'nominatedNodeName'), 1),
    column('Readiness Gates', () => '<none>', 1),
  ],
  strategy: {
    defaults,
    prepareCreate(object) {
      admit(asObject(object['spec']));
      object['status'] = { phase: 'Pending', qosClass: 'BestEffort' };
    },
    prepareUpdate: keepStatus,
    prepareStatus: keepSpec,
    validate,
    gracePeriod,
  },
};
