/** Whether a policy, or its binding, is about a write (k8s.io/apiserver/pkg/admission/plugin/policy/matching). */
import { type LabelSelector, matchesLabels } from '../../../api/label-selector.ts';
import type { KubeObject } from '../object.ts';
import { type Attributes, nameOf, namespaceOf } from './attributes.ts';
import { ADMISSION_GROUP, type MatchResources, type ResourceRule } from './policy.ts';

/** Rules that are absent leave the choice to the policy; a policy must have some. */
export function matches(of: MatchResources, attributes: Attributes): boolean {
  if (attributes.request.type.group === ADMISSION_GROUP) return false;
  if (of.excludeResourceRules.some((rule) => fits(rule, attributes))) return false;
  if (of.resourceRules !== undefined && !of.resourceRules.some((rule) => fits(rule, attributes))) return false;
  return matchesNamespace(of.namespaceSelector, attributes) && matchesObject(of.objectSelector, attributes);
}

function fits(rule: ResourceRule, attributes: Attributes): boolean {
  const { request, operation } = attributes;
  const { group, version, namespaced } = request.type;
  return (
    covers(rule.apiGroups, group) &&
    covers(rule.apiVersions, version) &&
    covers(rule.operations, operation) &&
    rule.resources.some((pattern) => coversResource(pattern, attributes)) &&
    (rule.scope === '*' || (rule.scope === 'Namespaced') === namespaced) &&
    (rule.resourceNames === undefined ||
      rule.resourceNames.length === 0 ||
      rule.resourceNames.includes(nameOf(attributes)))
  );
}

const covers = (patterns: readonly string[], value: string): boolean =>
  patterns.includes('*') || patterns.includes(value);

/** `pods`, `pods/status`, `pods/*`; a bare `*` is every resource without its subresources. */
function coversResource(pattern: string, { request }: Attributes): boolean {
  const [resource = '', subresource = ''] = pattern.split('/');
  const { plural } = request.type;
  const wanted = request.path.subresource;
  return (resource === '*' || resource === plural) && (subresource === wanted || subresource === '*');
}

/** What belongs to no namespace always matches; a Namespace goes by its own labels. */
function matchesNamespace(selector: LabelSelector, attributes: Attributes): boolean {
  const namespace = namespaceObject(attributes);
  return namespace === undefined || matchesLabels(selector, namespace.metadata.labels ?? {});
}

/** The Namespace that a write happens in; undefined for what belongs to none. */
export function namespaceObject(attributes: Attributes): KubeObject | undefined {
  const { type, backend } = attributes.request;
  if (type.group === '' && type.kind === 'Namespace') return attributes.object ?? attributes.old;
  const name = namespaceOf(attributes);
  return name === '' ? undefined : backend.store.collection('/namespaces').get(name)?.object;
}

/** Before or after the write. */
const matchesObject = (selector: LabelSelector, { object, old }: Attributes): boolean =>
  [object, old].some((one) => one !== undefined && matchesLabels(selector, one.metadata.labels ?? {}));
