/** Labels on the command line: `--label KEY=VALUE`, `-l` selectors, `--filter label=`. Rules of Kubernetes' label syntax. */
import { err, ok, type Result } from '../net/result.ts';

const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const KEY = new RegExp(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}$`);
const VALUE = new RegExp(`^(${NAME})?$`);

/** A `--label` without `=` has an empty value, as in Docker. */
export function parseLabels(texts: readonly string[]): Result<ReadonlyMap<string, string>> {
  const labels = new Map<string, string>();
  for (const text of texts) {
    const [key, value] = splitLabel(text);
    if (!KEY.test(key))
      return err(`--label ${text}: "${key}" is no label key: write one such as team or example.com/team`);
    if (!VALUE.test(value ?? ''))
      return err(`--label ${text}: "${value}" is no label value: at most 63 letters, digits, "-", "_" and "."`);
    labels.set(key, value ?? '');
  }
  return ok(labels);
}

/** Undefined when there is no `=`: any value will do. */
export function splitLabel(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `a=1,b=2`, as Docker and kubectl list them. */
export const labelText = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(',');

export function hasLabel(labels: Readonly<Record<string, string>> | undefined, wanted: string): boolean {
  const [key, value] = splitLabel(wanted);
  const found = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  return found !== undefined && (value === undefined || value === found);
}
