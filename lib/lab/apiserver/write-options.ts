/** The query parameters of writes: CreateOptions, UpdateOptions and PatchOptions of meta.k8s.io/v1. */
import { type FieldError, forbiddenField, invalid, invalidValue, required, unsupportedValue } from './status.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Who is recorded as the owner of the fields that the request sets. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Apply takes fields from other managers instead of reporting a conflict. */
  readonly force: boolean;
}

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'ApplyOptions';

const MANAGER_MAX = 128;

/** Throws 422 for values that are not allowed. Without a field manager, the first part of the user agent is taken. */
export function readWriteOptions(kind: OptionsKind, query: URLSearchParams, userAgent: string): WriteOptions {
  const errors = optionErrors(kind, query);
  const named = kind === 'ApplyOptions' ? 'PatchOptions' : kind;
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: named }, '', errors);
  return {
    dryRun: query.has('dryRun'),
    fieldManager: query.get('fieldManager') || managerOf(userAgent),
    fieldValidation: (query.get('fieldValidation') || 'Warn') as FieldValidation,
    force: query.get('force') === 'true',
  };
}

/** `kubectl/v1.32 (linux)` is `kubectl`. */
const managerOf = (userAgent: string): string => (userAgent.split('/')[0] ?? '').slice(0, MANAGER_MAX) || 'unknown';

function optionErrors(kind: OptionsKind, query: URLSearchParams): FieldError[] {
  const manager = query.get('fieldManager') ?? '';
  const errors = managerErrors(manager);
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) errors.push(unsupportedValue('dryRun', dryRun, ['All']));
  const validation = query.get('fieldValidation') ?? '';
  const allowed = ['', 'Ignore', 'Strict', 'Warn'];
  if (!allowed.includes(validation)) errors.push(unsupportedValue('fieldValidation', validation, allowed));
  if (kind === 'ApplyOptions' && manager === '') errors.push(required('fieldManager', 'is required for apply patch'));
  if (kind !== 'ApplyOptions' && query.has('force')) {
    errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  return errors;
}

function managerErrors(manager: string): FieldError[] {
  if (manager.length > MANAGER_MAX) {
    return [
      {
        field: 'fieldManager',
        reason: 'FieldValueTooLong',
        text: `Too long: may not be more than ${MANAGER_MAX} bytes`,
      },
    ];
  }
  if (/^[\P{C}]*$/u.test(manager)) return [];
  return [invalidValue('fieldManager', manager, 'should not contain non-printable characters')];
}
