// The rules of the source tree as data, each with its reason. test/architecture.test.ts enforces them.

/** What a room of lib/ may import from other rooms, and why not more. */
export interface RoomRule {
  readonly mayImport: readonly string[] | 'all';
  readonly reason: string;
}

const values = 'values know nothing of what is built from them';
const pure = 'decisions stay apart from effects and from each other: each is testable by table alone';

export const rooms: Readonly<Record<string, RoomRule>> = {
  net: { mayImport: [], reason: values },
  api: { mayImport: ['net'], reason: 'wire types must be readable by the plugin, the agent and a person alike' },
  dataplane: { mayImport: ['net'], reason: 'kernel objects as data know neither Kubernetes nor system calls' },
  ipam: { mayImport: ['net', 'api', 'dataplane'], reason: pure },
  overlay: { mayImport: ['net', 'api', 'dataplane'], reason: pure },
  gateway: { mayImport: ['net', 'api', 'dataplane'], reason: pure },
  ipsec: { mayImport: ['net', 'api', 'dataplane'], reason: pure },
  dns: { mayImport: ['net', 'api', 'dataplane'], reason: pure },
  service: { mayImport: ['net', 'api', 'dataplane'], reason: pure },
  reconcile: { mayImport: [], reason: 'when to do something is independent of what is done' },
  telemetry: { mayImport: [], reason: 'everything logs, so a log that imports would close a circle' },
  kernel: { mayImport: ['net', 'dataplane', 'telemetry'], reason: 'drivers apply objects; they decide nothing' },
  kube: { mayImport: ['net', 'api', 'telemetry'], reason: 'the client moves objects; it decides nothing' },
  store: { mayImport: ['net', 'api'], reason: 'the disk keeps records; it decides nothing' },
  cni: { mayImport: ['net', 'api'], reason: 'the plugin starts for every pod: each import costs start-up time' },
  agent: {
    mayImport: [
      ...['net', 'api', 'dataplane', 'ipam', 'overlay', 'gateway', 'ipsec', 'dns', 'service'],
      ...['reconcile', 'telemetry', 'kernel', 'kube', 'store'],
    ],
    reason: 'the plugin, the controller and the lab are other programs: the agent meets them over the wire only',
  },
  controller: {
    mayImport: ['net', 'api', 'ipam', 'ipsec', 'service', 'reconcile', 'kube', 'telemetry'],
    reason: 'the controller touches no node: neither kernel nor disk',
  },
  ctl: {
    mayImport: ['net', 'api'],
    reason:
      'what a person types and reads is turned into objects and text by table alone; cmd/ctl talks to the cluster',
  },
  lab: { mayImport: 'all', reason: 'the lab joins the whole system on one machine' },
};

/** What the programs may import: wiring of one process each. */
export const programs: Readonly<Record<string, RoomRule>> = {
  cni: { mayImport: ['cni', 'net', 'api'], reason: 'its size is its start-up time' },
  agent: { mayImport: ['agent', ...roomsOf('agent')], reason: 'the agent is not built from the other programs' },
  controller: { mayImport: ['controller', ...roomsOf('controller')], reason: 'no kernel code in the controller' },
  ctl: { mayImport: 'all', reason: 'warrenctl contains the lab, which joins everything' },
};

function roomsOf(room: string): readonly string[] {
  const allowed = rooms[room]?.mayImport;
  return allowed === undefined || allowed === 'all' ? [] : allowed;
}

/** Modules that only certain rooms may use. A pattern ends in `*` or names one module. */
export interface ModuleRule {
  readonly module: string;
  readonly onlyIn: readonly string[];
  readonly reason: string;
}

export const moduleRules: readonly ModuleRule[] = [
  { module: 'koffi', onlyIn: ['kernel', 'store'], reason: 'system calls live in the drivers' },
  { module: 'bun*', onlyIn: ['cni'], reason: 'only the plugin runs on Bun; everything else runs on Node' },
  { module: 'pino', onlyIn: ['telemetry'], reason: 'one place decides what a log line looks like and what it hides' },
  { module: 'prom-client', onlyIn: ['telemetry'], reason: 'one registry of metrics, named in one place' },
  { module: '@kubernetes/client-node', onlyIn: ['kube'], reason: 'one place knows the client and its defects' },
  {
    module: 'node:child_process',
    onlyIn: ['kernel', 'lab'],
    reason: 'a child that starts at the wrong moment stays in a foreign namespace: only drivers know when',
  },
];

/** Rooms that compute and nothing else. */
export const pureRooms: readonly string[] = [
  ...['net', 'api', 'dataplane', 'ipam', 'overlay', 'gateway', 'ipsec', 'dns', 'service', 'ctl'],
];

/** The modules of Node that compute and nothing else; randomness in node:crypto is caught by name. */
export const pureModules: readonly string[] = ['node:buffer', 'node:crypto', 'node:util'];

/** What a pure room may not call, as written in the source; a trailing dot means any member. */
export const impureNames: readonly { readonly name: string; readonly reason: string }[] = [
  { name: 'Date.now', reason: 'time is an argument' },
  { name: 'new Date()', reason: 'time is an argument' },
  { name: 'performance.', reason: 'time is an argument' },
  { name: 'setTimeout', reason: 'when is decided in reconcile, agent and controller' },
  { name: 'setInterval', reason: 'when is decided in reconcile, agent and controller' },
  { name: 'setImmediate', reason: 'when is decided in reconcile, agent and controller' },
  { name: 'queueMicrotask', reason: 'when is decided in reconcile, agent and controller' },
  { name: 'Math.random', reason: 'the same input gives the same answer' },
  { name: 'randomBytes', reason: 'the same input gives the same answer' },
  { name: 'randomUUID', reason: 'the same input gives the same answer' },
  { name: 'randomInt', reason: 'the same input gives the same answer' },
  { name: 'getRandomValues', reason: 'the same input gives the same answer' },
  { name: 'process.', reason: 'the environment is an argument' },
  { name: 'fetch', reason: 'no network in a decision' },
  { name: 'console.', reason: 'a decision returns, it does not print' },
];

/** Top-level entries of the repository, besides dot files and dot folders. */
export const topLevel: readonly string[] = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'Dockerfile', 'README.md', 'Makefile', 'LICENSE'],
  ...['CHANGELOG.md', 'cmd', 'lib', 'deploy', 'test', 'docs'],
];

export const maxLines = 300;

/** Files that may be longer than maxLines, each with the reason why a cut would hurt. */
export const longFiles: Readonly<Record<string, string>> = {
  'test/unit/lab/apiserver/contract/scenarios.ts': 'one table of requests, compared with a real API server as a whole',
  'test/unit/lab/apiserver/contract/core-scenarios.ts': 'one table of requests for the core kinds, compared as a whole',
};

/** File names that say nothing of what is inside. */
export const emptyNames: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'index'];

/** Words that have no place in the project; this folder, which has to name them, is exempt. */
export const forbiddenWords: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, reason: 'finish it, or write an issue' },
  {
    pattern: /\b(registry\.npmjs\.org|docker\.io|ghcr\.io|quay\.io|gcr\.io|registry\.k8s\.io|proxy\.golang\.org)\b/,
    reason: 'which registry is used is a setting of the machine or the cluster',
  },
  { pattern: /(?<![\w.*$}-])\/(work|root|home)\//, reason: 'a path of one machine' },
  { pattern: /@ts-(ignore|nocheck)\b/, reason: 'a type error is repaired, not hidden' },
];
