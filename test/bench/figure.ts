// One line of the benchmark's table, and how the table looks.

export interface Figure {
  readonly measure: string;
  /** With unit, as printed. */
  readonly ours: string;
  readonly peer: string;
  /** What is compared with the goal: a ratio to the peer, or the figure itself. */
  readonly value: number;
  readonly shown: string;
  readonly goal: string;
  readonly met: boolean;
}

interface RatioOptions {
  readonly measure: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly goal: number;
  /** Whether the ratio may be at most or must be at least the goal. */
  readonly atMost: boolean;
}

/** Ours beside the peer's: less is better for times (`atMost`), more is better for throughput. */
export function ratioFigure({ measure, ours, peer, unit, goal, atMost }: RatioOptions): Figure {
  const value = ours / peer;
  return {
    measure,
    ours: `${ours.toFixed(1)} ${unit}`,
    peer: `${peer.toFixed(1)} ${unit}`,
    value,
    shown: `${value.toFixed(3)}x`,
    goal: `${atMost ? '<=' : '>='} ${goal.toFixed(2)}x`,
    met: atMost ? value <= goal : value >= goal,
  };
}

/** A figure without a peer: an upper limit. */
export function limitFigure(measure: string, value: number, unit: string, limit: number): Figure {
  const shown = `${value.toFixed(1)} ${unit}`;
  return { measure, ours: shown, peer: '-', value, shown: '-', goal: `< ${limit} ${unit}`, met: value < limit };
}

const columns = ['measure', 'ours', 'peer', 'ratio', 'goal', 'met'] as const;

/** A Markdown table, aligned for the terminal. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.measure,
    figure.ours,
    figure.peer,
    figure.shown,
    figure.goal,
    figure.met ? 'yes' : 'NO',
  ]);
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
