/** Node. */
import { ageColumn, column, nameColumn } from './columns.ts';
import { keepSpec, keepStatus } from './core-kinds.ts';
import { asArray, asObject, asString, at } from './json.ts';
import type { KubeObject } from './object.ts';
import type { BuiltinKind } from './resource.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function readiness(object: KubeObject): string {
  const conditions = asArray(at(object, 'status', 'conditions')).map(asObject);
  const ready = conditions.find((condition) => condition['type'] === 'Ready');
  const parts = [ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'];
  if (at(object, 'spec', 'unschedulable') === true) parts.push('SchedulingDisabled');
  return parts.join(',');
}

function roles({ metadata }: KubeObject): string {
  const found = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return [key.slice(ROLE_PREFIX.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return found.length === 0 ? '<none>' : found.sort().join(',');
}

function address(type: string) {
  return (object: KubeObject): string => {
    const addresses = asArray(at(object, 'status', 'addresses')).map(asObject);
    return asString(addresses.find((candidate) => candidate['type'] === type)?.['address']) || '<none>';
  };
}

const info =
  (key: string) =>
  (object: KubeObject): string =>
    asString(at(object, 'status', 'nodeInfo', key)) || '<unknown>';

/** What the admission plugin TaintNodesByCondition adds. */
function admit(object: KubeObject): void {
  const spec = asObject(object['spec']);
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const taints = asArray(spec['taints']);
  if (!taints.some((other) => asObject(other)['key'] === taint.key)) spec['taints'] = [...taints, taint];
}

export const nodeKind: BuiltinKind = {
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  hasStatus: true,
  selectable: { 'spec.unschedulable': (object) => String(at(object, 'spec', 'unschedulable') === true) },
  columns: [
    nameColumn,
    column('Status', readiness),
    column('Roles', roles),
    ageColumn,
    column('Version', (object) => asString(at(object, 'status', 'nodeInfo', 'kubeletVersion'))),
    column('Internal-IP', address('InternalIP'), 1),
    column('External-IP', address('ExternalIP'), 1),
    column('OS-Image', info('osImage'), 1),
    column('Kernel-Version', info('kernelVersion'), 1),
    column('Container-Runtime', info('containerRuntimeVersion'), 1),
  ],
  strategy: { prepareCreate: admit, prepareUpdate: keepStatus, prepareStatus: keepSpec },
};
