/** Colour for a terminal, or none. */

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

export const plainText: Paint = (_, text) => text;
export const ansiText: Paint = (colour, text) => (text === '' ? '' : `\u001B[${CODES[colour]}m${text}\u001B[0m`);

/** NO_COLOR (no-color.org): set and not empty, whatever it holds. */
export const wantsColour = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
