/** What `network connect` changes: the kinds that make pods, where their pod template is, and when a change of it takes effect. */
import * as z from 'zod';
import { metaSchema, type Resource } from '../api/meta.ts';
import { err, ok, type Result } from '../net/result.ts';
import { didYouMean } from './near-names.ts';

/** A workload, whole: its template is found by path. */
const workloadSchema = z.looseObject({ metadata: metaSchema });
export type Workload = z.infer<typeof workloadSchema>;

export interface WorkloadKind {
  readonly resource: Resource<Workload>;
  /** As people write it before the slash. */
  readonly words: readonly string[];
  /** The path to the pod template; empty for a Pod. */
  readonly template: readonly string[];
  /** What a change of the template does to the pods that run. */
  readonly effect: string;
  /** Why the template cannot be changed, and what to do instead. */
  readonly immutable?: string;
}

const kind = (
  group: string,
  names: readonly [kind: string, plural: string, ...short: string[]],
  rest: Omit<WorkloadKind, 'resource' | 'words'>,
): WorkloadKind => {
  const [name, plural] = names;
  const resource = { group, version: 'v1', kind: name, plural, namespaced: true, schema: workloadSchema };
  return { resource, words: [name.toLowerCase(), ...names.slice(1)], ...rest };
};

const TEMPLATE = ['spec', 'template'] as const;
const ROLLING = 'takes effect when its pods restart: its controller replaces them now, as its update strategy says';

export const workloadKinds: readonly WorkloadKind[] = [
  kind('apps', ['Deployment', 'deployments', 'deploy'], { template: TEMPLATE, effect: ROLLING }),
  kind('apps', ['StatefulSet', 'statefulsets', 'sts'], { template: TEMPLATE, effect: ROLLING }),
  kind('apps', ['DaemonSet', 'daemonsets', 'ds'], { template: TEMPLATE, effect: ROLLING }),
  kind('apps', ['ReplicaSet', 'replicasets', 'rs'], {
    template: TEMPLATE,
    effect: 'takes effect in new pods: those that run stay as they are until you delete them',
  }),
  kind('batch', ['CronJob', 'cronjobs', 'cj'], {
    template: ['spec', 'jobTemplate', 'spec', 'template'],
    effect: 'takes effect with its next run',
  }),
  kind('batch', ['Job', 'jobs'], {
    template: TEMPLATE,
    effect: '',
    immutable: "a Job's template cannot be changed: delete it and create it again with the annotation",
  }),
  kind('', ['Pod', 'pods', 'po'], {
    template: [],
    effect: 'takes effect when the pod is created again: its interfaces stay as they are until then',
  }),
];

export interface WorkloadName {
  readonly kind: WorkloadKind;
  readonly name: string;
}

/** `deployment/web`, `deploy/web`, `deployments.apps/web`. */
export function parseWorkload(text: string): Result<WorkloadName> {
  const [word = '', name = '', ...rest] = text.split('/');
  const all = workloadKinds.map(({ resource }) => resource.kind.toLowerCase());
  const hint = 'write KIND/NAME such as deployment/web';
  if (name === '' || rest.length > 0) return err(`"${text}" is no workload: ${hint}`);
  const [plain = '', ...group] = word.toLowerCase().split('.');
  const found = workloadKinds.find((each) => each.words.includes(plain));
  const isGroup = group.length === 0 || group.join('.') === found?.resource.group;
  if (found === undefined || !isGroup)
    return err(`"${word}" is no kind that makes pods: ${didYouMean(plain, all, hint)}`);
  return ok({ kind: found, name });
}

/** `deployment.apps/web`, as kubectl prints it. */
export function workloadText({ kind: { resource }, name }: WorkloadName): string {
  const group = resource.group === '' ? '' : `.${resource.group}`;
  return `${resource.kind.toLowerCase()}${group}/${name}`;
}

/** The annotations of the pods that a workload makes. */
export function templateAnnotation(
  workload: Workload,
  { template }: WorkloadKind,
  annotation: string,
): string | undefined {
  const at = [...template, 'metadata', 'annotations', annotation].reduce<unknown>(memberOf, workload);
  return typeof at === 'string' ? at : undefined;
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (Reflect.get(value, key) as unknown) : undefined;

/** JSON merge patch that sets the annotation of the template, or removes it; refused when the object has changed meanwhile. */
export function annotationPatch(
  workload: Workload,
  { template }: WorkloadKind,
  annotation: string,
  text: string | undefined,
): object {
  const inner: object = { metadata: { annotations: { [annotation]: text ?? null } } };
  const patch = template.reduceRight((body, key) => ({ [key]: body }), inner);
  const metadata = { resourceVersion: workload.metadata.resourceVersion };
  if (template.length > 0) return { metadata, ...patch };
  return { metadata: { ...metadata, annotations: { [annotation]: text ?? null } } };
}
