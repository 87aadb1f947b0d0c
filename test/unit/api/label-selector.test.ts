import { test } from 'tap';
import { labelSelectorSchema, matchesLabels } from '../../../lib/api/label-selector.ts';

const shop = { 'kubernetes.io/metadata.name': 'shop', team: 'blue' };

test('a label selector matches as Kubernetes says', async (t) => {
  const cases: [string, object, boolean][] = [
    ['nothing', {}, true],
    ['a label', { matchLabels: { team: 'blue' } }, true],
    ['another value', { matchLabels: { team: 'green' } }, false],
    ['a label that it lacks', { matchLabels: { tier: 'blue' } }, false],
    ['what every object inherits', { matchLabels: { constructor: 'Object' } }, false],
    ['one of some values', { matchExpressions: [{ key: 'team', operator: 'In', values: ['green', 'blue'] }] }, true],
    ['none of them', { matchExpressions: [{ key: 'team', operator: 'In', values: ['green'] }] }, false],
    [
      'one of some values, of a label that it lacks',
      { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }] },
      false,
    ],
    ['not in', { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['green'] }] }, true],
    ['not in, but it is', { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['blue'] }] }, false],
    [
      'not in, of a label that it lacks',
      { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] },
      true,
    ],
    ['exists', { matchExpressions: [{ key: 'team', operator: 'Exists' }] }, true],
    ['exists not', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, true],
    ['exists not, but it does', { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, false],
    [
      'all of several',
      { matchLabels: { team: 'blue' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      false,
    ],
  ];
  for (const [what, selector, expected] of cases)
    t.equal(matchesLabels(labelSelectorSchema.parse(selector), shop), expected, what);
});
