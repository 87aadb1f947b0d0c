/** metav1.LabelSelector: which labels an object must have. */
import * as z from 'zod';

const requirementSchema = z.object({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).default([]),
});

export const labelSelectorSchema = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z.array(requirementSchema).default([]),
});
export type LabelSelector = z.infer<typeof labelSelectorSchema>;
type Requirement = z.infer<typeof requirementSchema>;
type Labels = Readonly<Record<string, string>>;

/** All conditions hold; an empty selector selects everything. */
export function matchesLabels({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  const hasLabels = Object.entries(matchLabels).every(([key, value]) => valueOf(labels, key) === value);
  return hasLabels && matchExpressions.every((requirement) => meets(requirement, labels));
}

/** What an object lacks is not among any values, so NotIn holds. */
function meets({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = valueOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
