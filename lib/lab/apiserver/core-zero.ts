/** How Go writes the built-in kinds: empty fields are left out, except some that are always there. */
import { cloneJson, isObject, type Json, type JsonObject } from './json.ts';
import { childSchema, type Schema } from './schema.ts';

const NO_TIMES = { firstTimestamp: null, lastTimestamp: null, eventTime: null };
const NODE_INFO = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  operatingSystem: '',
  osImage: '',
  systemUUID: '',
};

/** By Go type: the fields that have no `omitempty`, or are structs, with their zero values. */
const ALWAYS: Readonly<Record<string, JsonObject>> = {
  Container: { resources: {} },
  Event: { ...NO_TIMES, involvedObject: {}, source: {}, reportingComponent: '', reportingInstance: '' },
  Lease: { spec: {} },
  Namespace: { spec: {}, status: {} },
  Node: { spec: {}, status: {} },
  NodeCondition: { lastHeartbeatTime: null, lastTransitionTime: null },
  NodeStatus: { daemonEndpoints: {}, nodeInfo: {} },
  NodeDaemonEndpoints: { kubeletEndpoint: {} },
  DaemonEndpoint: { Port: 0 },
  NodeSystemInfo: NODE_INFO,
  Pod: { spec: {}, status: {} },
  PodCondition: { lastProbeTime: null, lastTransitionTime: null },
  PodSpec: { containers: null },
  Service: { spec: {}, status: {} },
  ServiceStatus: { loadBalancer: {} },
};

const alwaysOf = (schema: Schema): JsonObject => ALWAYS[schema.title ?? ''] ?? {};

/** Rewrites an object of a built-in kind in place as Go would write it. */
export function writeAsGo(object: JsonObject, schema: Schema): void {
  const always = alwaysOf(schema);
  for (const [key, value] of Object.entries(always)) object[key] ??= cloneJson(value);
  for (const [key, value] of Object.entries(object)) {
    const child = schema.properties?.[key];
    if (child === undefined || key === 'metadata') continue;
    if (isZero(value, child) && !Object.hasOwn(always, key)) delete object[key];
    else rewrite(value, child);
  }
}

function rewrite(value: Json, schema: Schema): void {
  if (Array.isArray(value)) value.forEach((item) => rewrite(item, schema.items ?? {}));
  else if (isObject(value) && schema.properties !== undefined) writeAsGo(value, schema);
  else if (isObject(value))
    for (const [key, item] of Object.entries(value)) rewrite(item, childSchema(schema, key) ?? {});
}

/** Numbers, booleans and structs may be pointers in Go, which keep their zero; texts, lists and maps hardly ever are. */
function isZero(value: Json, schema: Schema): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && schema.additionalProperties !== undefined && Object.keys(value).length === 0;
}

/** What a kind looks like before a client sets anything. */
export function emptyObject(schema: Schema): JsonObject {
  const object: JsonObject = {};
  writeAsGo(object, schema);
  return object;
}
