/** Columns of text, aligned as kubectl aligns them. */

export type Row = readonly string[];

/** How wide each column must be. */
export function columnWidths(rows: readonly Row[]): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
}

/** One line without blanks at its end. `paint` colours a cell after it was measured. */
export function tableLine(
  row: Row,
  widths: readonly number[],
  paint?: (cell: string, column: number) => string,
): string {
  const last = row.length - 1;
  const cells = row.map((cell, i) => {
    const padding = i === last ? '' : ' '.repeat(Math.max(0, (widths[i] ?? 0) - cell.length) + 3);
    return (paint?.(cell, i) ?? cell) + padding;
  });
  return cells.join('').trimEnd();
}

export const table = (rows: readonly Row[], paint?: (cell: string, column: number) => string): string => {
  const widths = columnWidths(rows);
  return rows.map((row) => tableLine(row, widths, paint)).join('\n');
};
