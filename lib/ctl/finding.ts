/** What `doctor` finds: each with what to do about it. */
import type { Paint } from './text-style.ts';

export type Level = 'ok' | 'skipped' | 'warning' | 'failure';

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly level: Level;
  readonly message: string;
  /** Empty when there is nothing to do. */
  readonly remedy: string;
}

export interface Problem {
  readonly level: 'warning' | 'failure';
  readonly message: string;
  readonly remedy: string;
}

export const failure = (message: string, remedy: string): Problem => ({ level: 'failure', message, remedy });
export const warning = (message: string, remedy: string): Problem => ({ level: 'warning', message, remedy });

/** One finding for each problem, or one that says what is good. */
export function findingsOf(check: string, problems: readonly Problem[], good: string): readonly Finding[] {
  if (problems.length === 0) return [{ check, level: 'ok', message: good, remedy: '' }];
  return problems.map((problem) => ({ check, ...problem }));
}

/** What could not be looked at, and what would make that possible. */
export const skipped = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'skipped',
  message,
  remedy,
});

/** `3 nodes`, `1 node`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const MARKS = { ok: ['✓', 'green'], skipped: ['–', 'dim'], warning: ['!', 'yellow'], failure: ['✗', 'red'] } as const;

/** A line a finding, its remedy below it. */
export function findingsText(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, level, message, remedy }) => {
      const [mark, colour] = MARKS[level];
      const line = `${paint(colour, mark)} ${check.padEnd(width)}  ${message}`;
      return remedy === '' ? [line] : [line, `${' '.repeat(width + 4)}${paint('dim', `→ ${remedy}`)}`];
    })
    .join('\n');
}

export function summaryText(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [failures, warnings, omitted] = [count('failure'), count('warning'), count('skipped')];
  const rest = omitted === 0 ? '' : `, ${omitted} not checked`;
  if (failures + warnings === 0) return `nothing is wrong${rest}`;
  return `${counted(failures, 'failure')}, ${counted(warnings, 'warning')}${rest}`;
}
