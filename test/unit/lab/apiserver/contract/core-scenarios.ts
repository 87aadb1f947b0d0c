/** What an API server is asked about the built-in kinds. */
import { asString, at, type JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import type { Scenario } from './scenarios.ts';

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const NS = '/api/v1/namespaces/default';
const object = (kind: string, name: string, rest: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...metadata },
  ...rest,
});
/** A text of the metadata. */
const textOf = (object: JsonObject, key: string): string => asString(at(object, 'metadata', key));

const configMaps: Scenario = {
  name: 'config maps and secrets',
  async run(api) {
    const maps = `${NS}/configmaps`;
    const created = await api.call('a config map', 'POST', maps, {
      body: object('ConfigMap', 'a', { data: { x: '1' } }),
    });
    await api.call('unconditional update', 'PUT', `${maps}/a`, {
      body: object('ConfigMap', 'a', { data: { x: '2' } }),
    });
    await api.call('a stale update', 'PUT', `${maps}/a`, { body: { ...created, data: { x: '3' } } });
    await api.call('strategic: one key', 'PATCH', `${maps}/a`, { type: STRATEGIC, body: { data: { y: '1' } } });
    await api.call('strategic: delete a key', 'PATCH', `${maps}/a`, { type: STRATEGIC, body: { data: { x: null } } });
    await api.call('strategic: replace a map', 'PATCH', `${maps}/a`, {
      type: STRATEGIC,
      body: { data: { $patch: 'replace', z: '1' } },
    });
    await api.call('apply', 'PATCH', `${maps}/b?fieldManager=me`, {
      type: APPLY,
      body: object('ConfigMap', 'b', { data: { k: 'v' } }),
    });
    await api.call('apply something else', 'PATCH', `${maps}/b?fieldManager=me`, {
      type: APPLY,
      body: object('ConfigMap', 'b', { data: { l: 'v' } }),
    });
    await api.call('a bad key', 'POST', maps, { body: object('ConfigMap', 'c', { data: { 'a b': 'x' } }) });
    await api.call('a value of the wrong type', 'POST', maps, { body: object('ConfigMap', 'c', { data: { a: 5 } }) });
    await api.call('an unknown field, strictly', 'POST', `${maps}?fieldValidation=Strict`, {
      body: object('ConfigMap', 'c', { dat: {} }),
    });
    await api.call('an unknown field', 'POST', maps, { body: object('ConfigMap', 'c', { dat: {} }) });
    await api.call('immutable', 'POST', maps, {
      body: object('ConfigMap', 'i', { data: { a: 'b' }, immutable: true }),
    });
    await api.call('changing what is immutable', 'PATCH', `${maps}/i`, { type: MERGE, body: { data: { a: 'c' } } });
    await api.call('a table', 'GET', maps, { accept: TABLE });
    await api.call('a list', 'GET', `${maps}?labelSelector=none`);
    await api.call('all namespaces', 'GET', '/api/v1/configmaps?fieldSelector=metadata.name%3Da');
    await api.call('to all namespaces', 'POST', '/api/v1/configmaps', { body: object('ConfigMap', 'c') });
    await api.call('a missing namespace', 'POST', '/api/v1/namespaces/none/configmaps', {
      body: object('ConfigMap', 'c'),
    });
    await api.call('another namespace', 'POST', maps, {
      body: object('ConfigMap', 'c', {}, { namespace: 'kube-system' }),
    });
    await api.call('another namespace, put', 'PUT', `${maps}/a`, {
      body: object('ConfigMap', 'a', {}, { namespace: 'kube-system' }),
    });
    await api.call('an unsupported field selector', 'GET', `${maps}?fieldSelector=data.x%3D1`);
    await api.call('deleting', 'DELETE', `${maps}/a`);
    await api.call('status that there is not', 'GET', `${maps}/b/status`);
    await api.quietly('DELETE', maps);
    const secrets = `${NS}/secrets`;
    await api.call('a secret', 'POST', secrets, { body: object('Secret', 's', { stringData: { a: 'b' } }) });
    await api.call('no base64', 'POST', secrets, { body: object('Secret', 't', { data: { a: '!' } }) });
    await api.call('another type', 'PATCH', `${secrets}/s`, { type: MERGE, body: { type: 'x/y' } });
    await api.call('by type', 'GET', `${secrets}?fieldSelector=type%3DOpaque`, { accept: TABLE });
    await api.quietly('DELETE', secrets);
  },
};

const nodes: Scenario = {
  name: 'nodes',
  async run(api) {
    const path = '/api/v1/nodes';
    const created = await api.call('a node', 'POST', path, {
      body: object(
        'Node',
        'n1',
        { spec: { podCIDRs: ['10.0.0.0/24'], podCIDR: '10.0.0.0/24' } },
        { labels: { 'node-role.kubernetes.io/worker': '' } },
      ),
    });
    const addresses = [{ type: 'InternalIP', address: '192.0.2.1' }];
    await api.call('its status', 'PATCH', `${path}/n1/status`, {
      type: STRATEGIC,
      body: { status: { addresses, conditions: [{ type: 'Ready', status: 'True', reason: 'Ok', message: '' }] } },
    });
    await api.call('another condition', 'PATCH', `${path}/n1/status`, {
      type: STRATEGIC,
      body: { status: { conditions: [{ type: 'NetworkUnavailable', status: 'False' }] } },
    });
    await api.call('a changed condition', 'PATCH', `${path}/n1/status`, {
      type: STRATEGIC,
      body: {
        status: {
          '$setElementOrder/conditions': [{ type: 'NetworkUnavailable' }, { type: 'Ready' }],
          conditions: [{ type: 'Ready', status: 'False' }],
        },
      },
    });
    await api.call('a removed condition', 'PATCH', `${path}/n1/status`, {
      type: STRATEGIC,
      body: { status: { conditions: [{ type: 'Ready', $patch: 'delete' }] } },
    });
    await api.call('a condition without its key', 'PATCH', `${path}/n1/status`, {
      type: STRATEGIC,
      body: { status: { conditions: [{ status: 'False' }] } },
    });
    await api.call('annotations through status', 'PATCH', `${path}/n1/status`, {
      type: STRATEGIC,
      body: { metadata: { annotations: { a: 'b' } } },
    });
    await api.call('labels and taints', 'PATCH', `${path}/n1`, {
      type: STRATEGIC,
      body: {
        metadata: { labels: { a: 'b' } },
        spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] },
      },
    });
    await api.call('a table', 'GET', path, { accept: TABLE });
    await api.call('by schedulability', 'GET', `${path}?fieldSelector=spec.unschedulable%3Dtrue`, { accept: TABLE });
    await api.call('spec of the wrong type', 'POST', path, { body: object('Node', 'n2', { spec: { podCIDRs: 'x' } }) });
    await api.call('in a namespace', 'GET', `${NS}/nodes`);
    await api.call('status by a stale object', 'PUT', `${path}/n1/status`, { body: created });
    await api.call('deleting', 'DELETE', `${path}/n1`);
  },
};

const container = { name: 'c', image: 'busybox' };
const pods: Scenario = {
  name: 'pods',
  async run(api) {
    const path = `${NS}/pods`;
    const pod = (name: string, spec: JsonObject, metadata: JsonObject = {}) => object('Pod', name, { spec }, metadata);
    await api.call('a pod', 'POST', path, {
      body: pod(
        'p',
        { containers: [{ ...container, ports: [{ containerPort: 80 }] }], nodeName: 'n1' },
        { annotations: { 'warren.dev/networks': 'blue' } },
      ),
    });
    await api.call('without containers', 'POST', path, { body: pod('q', { containers: [] }) });
    await api.call('without a spec', 'POST', path, { body: object('Pod', 'q') });
    await api.call('a container without a name', 'POST', path, { body: pod('q', { containers: [{ image: 'x' }] }) });
    await api.call('nodeName of the wrong type', 'POST', path, {
      body: pod('q', { containers: [container], nodeName: 5 }),
    });
    await api.call('another kind', 'POST', path, { body: object('ConfigMap', 'q') });
    await api.call('status', 'PATCH', `${path}/p/status`, {
      type: STRATEGIC,
      body: {
        status: {
          phase: 'Running',
          podIP: '10.0.0.2',
          podIPs: [{ ip: '10.0.0.2' }],
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      },
    });
    await api.call('an annotation', 'PATCH', `${path}/p`, {
      type: STRATEGIC,
      body: { metadata: { annotations: { a: 'b' } } },
    });
    await api.call('moving it to another node', 'PATCH', `${path}/p`, {
      type: STRATEGIC,
      body: { spec: { nodeName: 'n2' } },
    });
    await api.call('another image', 'PATCH', `${path}/p`, {
      type: STRATEGIC,
      body: { spec: { containers: [{ name: 'c', image: 'busybox:1' }] } },
    });
    await api.call('by node', 'GET', `${path}?fieldSelector=spec.nodeName%3Dn1`, { accept: TABLE });
    await api.call('by another node', 'GET', `${path}?fieldSelector=spec.nodeName%3Dn2`, { accept: TABLE });
    await api.call('by what is not offered', 'GET', `${path}?fieldSelector=spec.containers%3Dx`);
    await api.call('gracefully deleted', 'DELETE', `${path}/p`);
    await api.call('still there', 'GET', `${path}/p`, { accept: TABLE });
    await api.call('deleted by its node', 'DELETE', `${path}/p`, { body: { gracePeriodSeconds: 0 } });
    await api.call('gone', 'GET', `${path}/p`);
    await api.quietly('POST', path, { body: pod('u', { containers: [container] }) });
    await api.call('bound', 'POST', `${path}/u/binding`, {
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'u' }, target: { kind: 'Node', name: 'n1' } },
    });
    await api.call('bound twice', 'POST', `${path}/u/binding`, {
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'u' }, target: { kind: 'Node', name: 'n2' } },
    });
    await api.call('has a node', 'GET', `${path}/u`);
    await api.quietly('DELETE', `${path}/u`, { body: { gracePeriodSeconds: 0 } });
    await api.quietly('POST', path, { body: pod('v', { containers: [container] }) });
    await api.call('unbound: deleted at once', 'DELETE', `${path}/v`);
  },
};

const services: Scenario = {
  name: 'services',
  async run(api) {
    const path = `${NS}/services`;
    const service = (name: string, spec: JsonObject) => object('Service', name, { spec });
    await api.call('headless', 'POST', path, {
      body: service('h', { clusterIP: 'None', selector: { a: 'b' }, ports: [{ port: 80 }] }),
    });
    await api.call('without ports', 'POST', path, { body: service('n', { selector: { a: 'b' } }) });
    await api.quietly('POST', path, { body: service('1n', { ports: [{ port: 80 }] }) });
    await api.call('a bad name', 'POST', path, { body: service('n.n', { ports: [{ port: 80 }] }) });
    await api.call('a bad port', 'POST', path, { body: service('n', { ports: [{ port: 70000 }] }) });
    await api.call('a port by its key', 'PATCH', `${path}/h`, {
      type: STRATEGIC,
      body: { spec: { ports: [{ port: 80, name: 'http', targetPort: 8080 }] } },
    });
    const made = await api.quietly('POST', path, {
      body: service('c', { clusterIP: '10.96.7.7', ports: [{ port: 80, name: 'x' }] }),
    });
    await api.call('a cluster address', 'GET', `${path}/${textOf(made, 'name')}`);
    await api.call('another cluster address', 'PATCH', `${path}/c`, {
      type: MERGE,
      body: { spec: { clusterIP: '10.96.7.8' } },
    });
    await api.call('a table', 'GET', `${path}?fieldSelector=metadata.name%3Dc`, { accept: TABLE });
    await api.quietly('DELETE', `${path}/c`);
    await api.quietly('DELETE', `${path}/1n`);
    await api.call('deleting', 'DELETE', `${path}/h`);
  },
};

const leases: Scenario = {
  name: 'leases and events',
  async run(api) {
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const lease = (name: string, spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, ...metadata },
      spec,
    });
    const first = await api.call('a lease', 'POST', path, {
      body: lease('l', { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' }),
    });
    await api.call('renewed', 'PUT', `${path}/l`, {
      body: lease(
        'l',
        { holderIdentity: 'a', leaseDurationSeconds: 15 },
        { resourceVersion: textOf(first, 'resourceVersion') },
      ),
    });
    await api.call('by another holder', 'PUT', `${path}/l`, {
      body: lease('l', { holderIdentity: 'b' }, { resourceVersion: textOf(first, 'resourceVersion') }),
    });
    await api.call('without a version', 'PUT', `${path}/l`, { body: lease('l', { holderIdentity: 'b' }) });
    await api.call('created by an update', 'PUT', `${path}/m`, {
      body: lease('m', { holderIdentity: 'b', leaseDurationSeconds: 15 }),
    });
    await api.call('no duration', 'POST', path, { body: lease('n', { holderIdentity: 'a', leaseDurationSeconds: 0 }) });
    await api.call('a table', 'GET', path, { accept: TABLE });
    await api.call('deleting', 'DELETE', `${path}/l`);
    await api.quietly('DELETE', path);
    const events = `${NS}/events`;
    const event = (name: string, involvedObject: JsonObject): JsonObject =>
      object('Event', name, {
        involvedObject,
        reason: 'Why',
        message: 'what',
        type: 'Warning',
        source: { component: 'test' },
        count: 1,
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
      });
    await api.call('an event', 'POST', events, { body: event('e', { kind: 'Pod', name: 'p', namespace: 'default' }) });
    await api.call('an event of another namespace', 'POST', events, {
      body: event('f', { kind: 'Pod', name: 'p', namespace: 'kube-system' }),
    });
    await api.call('by object', 'GET', `${events}?fieldSelector=involvedObject.name%3Dp,reason%3DWhy`);
    await api.call('by another object', 'GET', `${events}?fieldSelector=involvedObject.name%3Dq`);
    await api.call('deleting', 'DELETE', `${events}/e`);
  },
};

const namespaces: Scenario = {
  name: 'namespaces',
  async run(api) {
    const path = '/api/v1/namespaces';
    await api.call('a namespace', 'POST', path, { body: object('Namespace', 'team') });
    await api.call('a bad name', 'POST', path, { body: object('Namespace', 'a.b') });
    await api.call('a label', 'PATCH', `${path}/team`, { type: STRATEGIC, body: { metadata: { labels: { a: 'b' } } } });
    await api.call('its own label is kept', 'PATCH', `${path}/team`, {
      type: MERGE,
      body: { metadata: { labels: { 'kubernetes.io/metadata.name': null } } },
    });
    await api.call('a table', 'GET', `${path}?labelSelector=a%3Db`, { accept: TABLE });
    await api.call('one that must stay', 'DELETE', `${path}/kube-system`);
    await api.call('deleting', 'DELETE', `${path}/team`);
    await api.call('the collection', 'DELETE', path);
    // Nobody else does that where no controller manager runs.
    await api.quietly('PUT', `${path}/team/finalize`, {
      body: object('Namespace', 'team', { spec: { finalizers: [] } }),
    });
  },
};

const paths: Scenario = {
  name: 'paths',
  async run(api) {
    await api.call('a resource that is not there', 'GET', '/api/v1/nothings');
    await api.call('in a namespace', 'GET', `${NS}/nothings`);
    await api.call('a version that is not there', 'GET', '/api/v2/pods');
    await api.call('a group that is not there', 'GET', '/apis/nothing.example/v1');
    await api.call('a path that is not there', 'GET', '/nothing');
    await api.call('a method that is not there', 'PUT', `${NS}/configmaps`, { body: {} });
    await api.call('posting to an object', 'POST', `${NS}/configmaps/x`, { body: object('ConfigMap', 'x') });
    await api.call('a subresource that is not there', 'GET', `${NS}/pods/x/nothing`);
    await api.call('health', 'GET', '/healthz');
    await api.call('without a name', 'PUT', '/api/v1/nodes/', { body: object('Node', 'x') });
  },
};

export const coreScenarios: readonly Scenario[] = [configMaps, nodes, pods, services, leases, namespaces, paths];
