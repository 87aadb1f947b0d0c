/** `-o`: objects as kubectl prints them. */
import type { Argv } from 'yargs';
import { stringify } from 'yaml';
import type { Resource } from '../../lib/api/meta.ts';
import type { Column } from '../../lib/ctl/object-column.ts';
import { columnWidths, tableLine } from '../../lib/ctl/table.ts';
import { print } from './command.ts';
import { objectName, type Seen, type WholeObject } from './objects.ts';
import { paint } from './terminal.ts';

export const OUTPUTS = ['json', 'yaml', 'wide', 'name'] as const;
export type Output = (typeof OUTPUTS)[number];

export const outputFlag = <T>(argv: Argv<T>) =>
  argv.option('output', { alias: 'o', choices: OUTPUTS, describe: 'How to print' });

/** kubectl leaves them out too: nobody reads them. */
function withoutManagedFields({ metadata: { managedFields: _, ...metadata }, ...rest }: WholeObject): object {
  const { apiVersion, kind, ...fields } = rest;
  return { apiVersion, kind, metadata, ...fields };
}

export const documentText = (document: object, output: 'json' | 'yaml'): string =>
  output === 'json' ? JSON.stringify(document, undefined, 4) : stringify(document, { lineWidth: 0 }).trimEnd();

export const objectText = (whole: WholeObject, output: 'json' | 'yaml'): string =>
  documentText(withoutManagedFields(whole), output);

export const listText = (all: readonly WholeObject[], output: 'json' | 'yaml'): string =>
  documentText({ apiVersion: 'v1', kind: 'List', metadata: {}, items: all.map(withoutManagedFields) }, output);

/** A table that can grow: later lines have the widths of the first ones. */
export interface GrowingTable<T> {
  rows(objects: readonly T[]): void;
}

export function growingTable<T>(columns: readonly Column<T>[], output: 'wide' | undefined): GrowingTable<T> {
  const shown = columns.filter((column) => output === 'wide' || column.wide !== true);
  const headers = shown.map((column) => column.header);
  let widths: readonly number[] | undefined;
  return {
    rows: (objects) => {
      const now = new Date();
      const cells = objects.map((object) => shown.map((column) => column.cell(object, now)));
      const isFirst = widths === undefined;
      widths ??= columnWidths([headers, ...cells]);
      const known = widths;
      if (isFirst) print(tableLine(headers, known, (cell) => paint('bold', cell)));
      for (const row of cells) print(tableLine(row, known, (cell, i) => paintCell(headers[i] ?? '', cell)));
    },
  };
}

/** What asks for attention. */
function paintCell(header: string, cell: string): string {
  if (header !== 'READY' && header !== 'STATE') return cell;
  return /^(True|Ready|Reported)$/.test(cell) ? paint('green', cell) : paint('red', cell);
}

export interface ListView<T> {
  readonly resource: Resource<T>;
  readonly columns: readonly Column<T>[];
  /** What to say instead of an empty table. */
  readonly none: string;
}

/** A finished list. */
export function printList<T>(view: ListView<T>, all: readonly Seen<T>[], output: Output | undefined): void {
  if (output === 'json' || output === 'yaml') {
    print(
      listText(
        all.map((one) => one.whole),
        output,
      ),
    );
  } else if (output === 'name') {
    for (const { whole } of all) print(objectName(view.resource, whole.metadata.name));
  } else if (all.length === 0) {
    process.stderr.write(`${view.none}\n`);
  } else {
    growingTable(view.columns, output).rows(all.map((one) => one.object));
  }
}

/** One more object of a list that is being watched. */
export function printOne<T>(view: ListView<T>, one: Seen<T>, output: Output | undefined, table: GrowingTable<T>): void {
  if (output === 'json') print(objectText(one.whole, 'json'));
  else if (output === 'yaml') print(`---\n${objectText(one.whole, 'yaml')}`);
  else if (output === 'name') print(objectName(view.resource, one.whole.metadata.name));
  else table.rows([one.object]);
}
