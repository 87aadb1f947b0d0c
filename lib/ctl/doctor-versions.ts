/** Versions that must fit together, and clocks. */
import { counted, failure, type Finding, findingsOf, type Problem, skipped, warning } from './finding.ts';

/** Selectable fields of custom resources are on from 1.31, which the agents' watches rely on. */
const LEAST_KUBERNETES = [1, 31] as const;
/** Bridge ports with `locked`, isolation and neighbour suppression. */
const LEAST_KERNEL = [6, 1] as const;

/** `v1.36.3+k3s1`, `6.1.0-18-amd64` */
function isOlder(version: string, [major, minor]: readonly [number, number]): boolean | undefined {
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (match === null) return undefined;
  const found = Number(match[1]);
  return found < major || (found === major && Number(match[2]) < minor);
}

export function serverFindings(version: string): readonly Finding[] {
  const least = LEAST_KUBERNETES.join('.');
  const problems =
    isOlder(version, LEAST_KUBERNETES) === true
      ? [failure(`Kubernetes ${version} is too old`, `upgrade it to ${least} or later`)]
      : [];
  return findingsOf('API server', problems, `Kubernetes ${version}`);
}

export interface KernelOfNode {
  readonly node: string;
  /** Undefined where the kubelet has not said. */
  readonly version: string | undefined;
}

export function kernelFindings(kernels: readonly KernelOfNode[]): readonly Finding[] {
  const known = kernels.flatMap(({ node, version }) => (version === undefined ? [] : [{ node, version }]));
  if (known.length === 0) return [skipped('kernels', 'no Node reports its kernel', 'run "doctor --node" on each node')];
  const problems = known
    .filter(({ version }) => isOlder(version, LEAST_KERNEL) === true)
    .map(({ node, version }) =>
      failure(`node ${node} runs Linux ${version}`, `upgrade it to ${LEAST_KERNEL.join('.')} or later`),
    );
  const versions = new Set(known.map(({ version }) => version));
  return findingsOf('kernels', problems, `Linux ${[...versions].toSorted().join(', ')}`);
}

/** Of the pods in Warren's own namespace: image by name of the container. */
export interface RunningImage {
  readonly pod: string;
  readonly container: string;
  readonly image: string;
}

export function imageFindings(images: readonly RunningImage[]): readonly Finding[] {
  if (images.length === 0)
    return [
      skipped('versions', 'Warren does not run as pods in this cluster: their images would tell its version', ''),
    ];
  const distinct = [...new Set(images.map(({ image }) => image))].toSorted();
  const problems: Problem[] = [];
  if (distinct.length > 1) {
    const message = `agents and controller run ${counted(distinct.length, 'different image')}: ${distinct.join(', ')}`;
    problems.push(warning(message, 'finish the upgrade: kubectl -n warren-system rollout status daemonset,deployment'));
  }
  return findingsOf('versions', problems, `${counted(images.length, 'container')} of ${distinct.join(', ')}`);
}

const SKEW_WARNING_S = 5;
const SKEW_FAILURE_S = 60;

/** `skewMs`: how far this machine's clock is ahead of the API server's; known to about a second. */
export function clockFindings(skewMs: number | undefined): readonly Finding[] {
  if (skewMs === undefined) return [skipped('clock', 'the API server does not say what time it is', '')];
  const seconds = Math.abs(skewMs) / 1000;
  const message = `this machine's clock is ${seconds.toFixed(0)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the API server's`;
  const remedy = 'let both follow the same time servers: certificates, leases and key epochs rely on it';
  const problems =
    seconds > SKEW_FAILURE_S ? [failure(message, remedy)] : seconds > SKEW_WARNING_S ? [warning(message, remedy)] : [];
  return findingsOf('clock', problems, 'this machine and the API server agree within a few seconds');
}

/** Of one definition: undefined when the cluster has none. */
export interface DefinitionPair {
  readonly name: string;
  /** CustomResourceDefinitions as they are in the cluster and as this program brings them. */
  readonly found: unknown;
  readonly wanted: unknown;
}

/** An older definition drops fields without a word. */
export function definitionFindings(pairs: readonly DefinitionPair[]): readonly Finding[] {
  const remedy = 'bring the definitions up to date: kubectl apply -f deploy/crds';
  const problems = pairs.flatMap(({ name, found, wanted }) => {
    if (found === undefined) return [failure(`${name} is not installed`, remedy)];
    const have = new Set(fieldPaths(schemaOf(found), ''));
    const missing = fieldPaths(schemaOf(wanted), '').filter((path) => !have.has(path));
    if (missing.length === 0) return [];
    return [warning(`${name} is of another version: it lacks ${missing.slice(0, 5).join(', ')}`, remedy)];
  });
  return findingsOf('definitions', problems, `${counted(pairs.length, 'definition')} as this program knows them`);
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (Reflect.get(value, key) as unknown) : undefined;

/** Of the version that we speak, which is the first. */
const schemaOf = (definition: unknown): unknown =>
  ['spec', 'versions', '0', 'schema', 'openAPIV3Schema'].reduce<unknown>(memberOf, definition);

/** `spec.subnets.cidr`: every field that a schema names. */
function fieldPaths(schema: unknown, path: string): readonly string[] {
  const properties = memberOf(schema, 'properties');
  const items = memberOf(schema, 'items');
  const named = typeof properties === 'object' && properties !== null ? Object.entries(properties) : [];
  return [
    ...named.flatMap(([name, inner]) => {
      const at = path === '' ? name : `${path}.${name}`;
      // Rules about names are no fields.
      return at === 'metadata' ? [] : [at, ...fieldPaths(inner, at)];
    }),
    ...(items === undefined ? [] : fieldPaths(items, path)),
  ];
}

export interface LeaseSeen {
  readonly holderIdentity?: string | null | undefined;
  readonly renewTime?: string | null | undefined;
  readonly leaseDurationSeconds?: number | null | undefined;
}

/** Pods start without a controller, but no network gets a subnet. A leader is given twice its lease before it counts as gone. */
export function leaderFindings(lease: LeaseSeen | undefined, now: Date): readonly Finding[] {
  const remedy = 'is it running? kubectl -n warren-system get pods -o wide';
  const holder = lease?.holderIdentity ?? '';
  if (holder === '')
    return findingsOf('controller', [failure('no controller leads: new networks get no subnet', remedy)], '');
  const silentS = Math.max(0, (now.getTime() - Date.parse(lease?.renewTime ?? '')) / 1000);
  const problems =
    silentS <= 2 * (lease?.leaseDurationSeconds ?? 15)
      ? []
      : [failure(`${holder} leads, but has been silent for ${silentS.toFixed(0)} s`, remedy)];
  return findingsOf('controller', problems, `${holder} leads`);
}
