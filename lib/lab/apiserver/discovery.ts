/** What a client can find out about the server: /version, /api, /apis, resource lists, and aggregated discovery v2. */
import type { JsonObject } from './json.ts';
import type { Registry } from './registry.ts';
import { apiVersionOf, type ResourceType } from './resource.ts';
import { extraResources } from './reviews.ts';

/** The Kubernetes release whose behaviour this server follows. */
export const VERSION: JsonObject = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3+warren-lab',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const AGGREGATED = /application\/json;[^,]*g=apidiscovery\.k8s\.io[^,]*/;
const isAggregated = (accept: string): boolean => AGGREGATED.test(accept) && /;v=v2(;|,|$)/.test(accept);
export const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface DiscoveryAnswer {
  readonly type: string;
  readonly document: JsonObject;
}
const plain = (document: JsonObject): DiscoveryAnswer => ({ type: 'application/json', document });

/** Undefined for a path that is none of discovery's. `host` is what the client connected to. */
export function discover(registry: Registry, path: string, accept: string, host: string): DiscoveryAnswer | undefined {
  const [root, ...rest] = path.split('/').filter((part) => part !== '');
  switch (root) {
    case 'version':
      return rest.length === 0 ? plain(VERSION) : undefined;
    case 'api':
      return discoverCore(registry, rest, accept, host);
    case 'apis':
      return discoverGroups(registry, rest, accept);
    default:
      return undefined;
  }
}

function discoverCore(
  registry: Registry,
  rest: readonly string[],
  accept: string,
  host: string,
): DiscoveryAnswer | undefined {
  const [version, ...more] = rest;
  if (version === undefined) return isAggregated(accept) ? aggregated(registry, ['']) : plain(legacyVersions(host));
  return more.length === 0 ? resourceList(registry, '', version) : undefined;
}

function discoverGroups(registry: Registry, rest: readonly string[], accept: string): DiscoveryAnswer | undefined {
  const [group, version, ...more] = rest;
  const groups = groupNames(registry).filter((name) => name !== '');
  if (group === undefined)
    return isAggregated(accept) ? aggregated(registry, groups) : plain(groupList(registry, groups));
  if (version === undefined) return groups.includes(group) ? plain(groupOf(registry, group)) : undefined;
  return more.length === 0 ? resourceList(registry, group, version) : undefined;
}

function groupNames(registry: Registry): string[] {
  return [...new Set([...registry.groups().keys(), ...extraResources.map(({ group }) => group)])];
}

const versionsOf = (registry: Registry, group: string): string[] => registry.groups().get(group) ?? ['v1'];

const legacyVersions = (host: string): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: host }],
});

const groupList = (registry: Registry, groups: readonly string[]): JsonObject => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.map((group) => groupEntry(registry, group)),
});

function groupEntry(registry: Registry, name: string): JsonObject {
  const versions = versionsOf(registry, name).map((version) => ({
    groupVersion: apiVersionOf({ group: name, version }),
    version,
  }));
  return { name, versions, preferredVersion: versions[0] ?? {} };
}

const groupOf = (registry: Registry, name: string): JsonObject => ({
  kind: 'APIGroup',
  apiVersion: 'v1',
  ...groupEntry(registry, name),
});

const served = (registry: Registry, group: string, version: string): ResourceType[] =>
  registry
    .all()
    .map(({ type }) => type)
    .filter((type) => type.group === group && type.version === version);

function resourceList(registry: Registry, group: string, version: string): DiscoveryAnswer | undefined {
  const extra = extraResources.filter((resource) => resource.group === group && version === 'v1');
  const resources = [...served(registry, group, version).flatMap(legacyResource), ...extra.map(({ entry }) => entry)];
  if (resources.length === 0) return undefined;
  return plain({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources,
  });
}

function legacyResource(type: ResourceType): JsonObject[] {
  const main: JsonObject = {
    name: type.plural,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: [...type.verbs],
  };
  if (type.shortNames.length > 0) main['shortNames'] = [...type.shortNames];
  if (type.categories.length > 0) main['categories'] = [...type.categories];
  const status = { name: `${type.plural}/status`, singularName: '', namespaced: type.namespaced, kind: type.kind };
  return type.hasStatus ? [main, { ...status, verbs: ['get', 'patch', 'update'] }] : [main];
}

const aggregated = (registry: Registry, groups: readonly string[]): DiscoveryAnswer => ({
  type: AGGREGATED_TYPE,
  document: {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => aggregatedGroup(registry, group)),
  },
});

const aggregatedGroup = (registry: Registry, group: string): JsonObject => ({
  metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
  versions: versionsOf(registry, group).map((version) => ({
    version,
    resources: [
      ...served(registry, group, version).map(aggregatedResource),
      ...extraResources.filter((resource) => resource.group === group).map(({ aggregated: item }) => item),
    ],
    freshness: 'Current',
  })),
});

/** kube-apiserver names group and version of custom resources only: for its own they are those of the list. */
const responseKindOf = ({ custom, group, version, kind }: ResourceType): JsonObject => ({
  group: custom ? group : '',
  version: custom ? version : '',
  kind,
});

function aggregatedResource(type: ResourceType): JsonObject {
  const responseKind = responseKindOf(type);
  const item: JsonObject = {
    resource: type.plural,
    responseKind,
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: [...type.verbs],
  };
  if (type.shortNames.length > 0) item['shortNames'] = [...type.shortNames];
  if (type.categories.length > 0) item['categories'] = [...type.categories];
  if (type.hasStatus)
    item['subresources'] = [{ subresource: 'status', responseKind, verbs: ['get', 'patch', 'update'] }];
  return item;
}
