/** `--format` of a list: a template for each line, `table TEMPLATE`, `table` alone, or `json`. */
import { err, ok, type Result } from '../net/result.ts';
import { table } from './table.ts';
import { compileTemplate } from './template.ts';
import { plainOf, type StructValue } from './template-value.ts';

export interface FormatInput {
  /** Which columns `table` alone has. */
  readonly standard: string;
  readonly headers: (fields: StructValue) => StructValue;
}

/** One text for all. Rendering throws TemplateError where a template names a field that is not there. */
export type ListFormat = (all: readonly StructValue[]) => string;

export function parseListFormat(format: string, { standard, headers }: FormatInput): Result<ListFormat> {
  if (format === 'json') return ok((all) => all.map((fields) => JSON.stringify(plainOf(fields))).join('\n'));
  const match = /^table(?:\s+([\s\S]+))?$/.exec(format.trim());
  const source = match ? (match[1] ?? standard) : format;
  const template = compileTemplate(source.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  if (!template.ok) return err(`--format: ${template.error}`);
  if (!match) return ok((all) => all.map(template.value).join('\n'));
  return ok((all) => {
    const [first] = all;
    const lines = all.map(template.value);
    const head = first === undefined ? [] : [template.value(headers(first))];
    return table([...head, ...lines].map((line) => line.split('\t')));
  });
}
