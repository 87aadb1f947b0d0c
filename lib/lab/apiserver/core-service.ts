/** Service, with addresses and node ports from the usual ranges. */
import { ageColumn, column, nameColumn } from './columns.ts';
import { keepSpec, keepStatus } from './core-kinds.ts';
import { asArray, asObject, asString, at, isObject, type Json, type JsonObject } from './json.ts';
import { dnsLabel } from './names.ts';
import type { KubeObject } from './object.ts';
import type { BuiltinKind } from './resource.ts';
import { type FieldError, invalidValue, required } from './status.ts';

/** The service CIDR of the lab: 10.96.0.0/16. Its first address is kept for the API server. */
const ADDRESS_PREFIX = '10.96';
const FIRST_ADDRESS = 10;
const LAST_ADDRESS = 65_534;
const FIRST_NODE_PORT = 30_000;

const specOf = (object: JsonObject): JsonObject => asObject(object['spec']);
const portsOf = (object: JsonObject): JsonObject[] => asArray(specOf(object)['ports']).filter(isObject);

function defaults(object: JsonObject): void {
  const spec = specOf(object);
  spec['sessionAffinity'] ??= 'None';
  spec['type'] ??= 'ClusterIP';
  for (const port of portsOf(object)) {
    port['protocol'] ??= 'TCP';
    if (port['targetPort'] === undefined || port['targetPort'] === '') port['targetPort'] = port['port'] ?? null;
  }
  if (spec['type'] === 'ExternalName') return;
  spec['internalTrafficPolicy'] ??= 'Cluster';
  if (publishes(spec)) spec['externalTrafficPolicy'] ??= 'Cluster';
  if (spec['type'] === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true;
}

const publishes = (spec: JsonObject): boolean => spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';

/** Chooses what the client left to the server. */
function allocate(object: KubeObject, others: () => Iterable<KubeObject>): void {
  const spec = specOf(object);
  object['status'] = { loadBalancer: {} };
  if (spec['type'] === 'ExternalName') return;
  const stored = [...others()];
  if (asString(spec['clusterIP']) === '') spec['clusterIP'] = freeAddress(stored);
  const address = asString(spec['clusterIP']);
  spec['clusterIPs'] ??= [address];
  spec['ipFamilies'] ??= [address.includes(':') ? 'IPv6' : 'IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  if (publishes(spec)) allocateNodePorts(object, stored);
}

function freeAddress(stored: readonly KubeObject[]): string {
  const taken = new Set(stored.map((service) => asString(specOf(service)['clusterIP'])));
  for (let host = FIRST_ADDRESS; host <= LAST_ADDRESS; host++) {
    const address = `${ADDRESS_PREFIX}.${host >> 8}.${host & 255}`;
    if (!taken.has(address)) return address;
  }
  return '';
}

function allocateNodePorts(object: KubeObject, stored: readonly KubeObject[]): void {
  const taken = new Set<Json>([...stored, object].flatMap(portsOf).map((port) => port['nodePort'] ?? 0));
  let next = FIRST_NODE_PORT;
  for (const port of portsOf(object)) {
    if (typeof port['nodePort'] === 'number' && port['nodePort'] > 0) continue;
    while (taken.has(next)) next++;
    port['nodePort'] = next;
    taken.add(next);
  }
}

const validPort = (value: Json | undefined): boolean => typeof value !== 'number' || (value >= 1 && value <= 65_535);

function validate(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = specOf(object);
  const needsPorts = spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName';
  const ports = portsOf(object).flatMap((port, i) =>
    ['port', 'targetPort']
      .filter((key) => !validPort(port[key]))
      .map((key) => invalidValue(`spec.ports[${i}].${key}`, port[key], 'must be between 1 and 65535, inclusive')),
  );
  const missing = needsPorts && portsOf(object).length === 0 ? [required('spec.ports')] : [];
  return [...missing, ...ports, ...(old === undefined ? [] : addressErrors(spec, specOf(old)))];
}

/** The address of a Service stays as long as its type needs one. */
function addressErrors(spec: JsonObject, old: JsonObject): FieldError[] {
  const before = asString(old['clusterIP']);
  if (before === '' || spec['type'] === 'ExternalName' || spec['clusterIP'] === before) return [];
  return [invalidValue('spec.clusterIPs[0]', spec['clusterIPs'] ?? null, 'may not change once set')];
}

/** Keeps what was allocated where an update says nothing of it. */
function prepareUpdate(object: KubeObject, old: KubeObject): void {
  keepStatus(object, old);
  const spec = specOf(object);
  for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    const before = specOf(old)[key];
    if (before !== undefined && (spec[key] === undefined || spec[key] === '')) spec[key] = before;
  }
  if (spec['clusterIP'] !== specOf(old)['clusterIP']) spec['clusterIPs'] = [asString(spec['clusterIP'])];
}

const portText = (port: JsonObject): string => {
  const node = typeof port['nodePort'] === 'number' && port['nodePort'] > 0 ? `:${port['nodePort']}` : '';
  return `${JSON.stringify(port['port'] ?? 0)}${node}/${asString(port['protocol'])}`;
};
const portColumn = (object: KubeObject): string => portsOf(object).map(portText).join(',') || '<none>';

function selectorColumn(object: KubeObject): string {
  const pairs = Object.entries(asObject(specOf(object)['selector'])).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([key, value]) => `${key}=${asString(value)}`).join(',') || '<none>';
}

function externalColumn(object: KubeObject): string {
  const ingress = asArray(at(object, 'status', 'loadBalancer', 'ingress')).map((item) =>
    asString(asObject(item)['ip']),
  );
  const all = [...ingress, ...asArray(specOf(object)['externalIPs']).map(asString)].join(',');
  if (all !== '') return all;
  return specOf(object)['type'] === 'LoadBalancer' ? '<pending>' : '<none>';
}

export const serviceKind: BuiltinKind = {
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  returnsDeleted: true,
  nameRule: dnsLabel,
  selectable: {
    'spec.clusterIP': (object) => asString(specOf(object)['clusterIP']),
    'spec.type': (object) => asString(specOf(object)['type']),
  },
  columns: [
    nameColumn,
    column('Type', (object) => asString(specOf(object)['type'])),
    column('Cluster-IP', (object) => asString(specOf(object)['clusterIP']) || '<none>'),
    column('External-IP', externalColumn),
    column('Port(s)', portColumn),
    ageColumn,
    column('Selector', selectorColumn, 1),
  ],
  strategy: { defaults, validate, prepareCreate: allocate, prepareUpdate, prepareStatus: keepSpec },
};
