/** The words of a Go template (text/template), as far as people use them with `--format`. */
import { err, ok, type Result } from '../net/result.ts';

/** Text between actions, or the words of one action: `{{range .Containers}}` has two. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly words: readonly Word[]; readonly source: string };

export type Word =
  /** `.IPAM.Config` has two names, `.` has none. */
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly variable: string; readonly names: readonly string[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** A keyword or a function. */
  | { readonly kind: 'name'; readonly name: string }
  /** `names` follow a closing parenthesis: `(index .IPAM.Config 0).Subnet`. */
  | { readonly kind: 'close'; readonly names: readonly string[] }
  | { readonly kind: 'open' | 'pipe' | 'comma' | 'declare' };

/** Cuts at `{{` and `}}`; `{{-` and `-}}` take the white space beside them. */
export function cutTemplate(text: string): Result<readonly Piece[]> {
  const pieces: Piece[] = [];
  let rest = text;
  for (let start = rest.indexOf('{{'); start >= 0; start = rest.indexOf('{{')) {
    const end = actionEnd(rest, start + 2);
    if (end < 0) return err(`"${rest.slice(start, start + 30)}" is not closed: write }} at its end`);
    const body = rest.slice(start + 2, end);
    const before = rest.slice(0, start);
    const source = body.replace(/^-(?=\s)/, '').replace(/\s-$/, '');
    const words = source.trim().startsWith('/*') ? ok([]) : readWords(source.trim());
    if (!words.ok) return words;
    pieces.push({ kind: 'text', text: /^-\s/.test(body) ? before.trimEnd() : before });
    pieces.push({ kind: 'action', words: words.value, source: source.trim() });
    rest = rest.slice(end + 2);
    if (/\s-$/.test(body)) rest = rest.trimStart();
  }
  return ok([...pieces, { kind: 'text', text: rest }]);
}

/** The `}}` outside of quotes. */
function actionEnd(text: string, from: number): number {
  const match = /^(?:"(?:\\.|[^"\\])*"|`[^`]*`|(?!\}\})[\s\S])*/.exec(text.slice(from));
  const end = from + (match?.[0].length ?? 0);
  return text.startsWith('}}', end) ? end : -1;
}

const NAMES = String.raw`(?:\.[A-Za-z_]\w*)`;
const MATCHERS: readonly (readonly [RegExp, (text: string) => Word])[] = [
  [new RegExp(`^\\$\\w*${NAMES}*`), (text) => variable(text)],
  [new RegExp(`^(?:${NAMES}+|\\.)`), (text) => ({ kind: 'field', names: namesOf(text) })],
  [new RegExp(`^\\)${NAMES}*`), (text) => ({ kind: 'close', names: namesOf(text.slice(1)) })],
  [/^"(?:\\.|[^"\\])*"/, (text) => ({ kind: 'literal', value: unquote(text) })],
  [/^`[^`]*`/, (text) => ({ kind: 'literal', value: text.slice(1, -1) })],
  [/^-?\d+(?:\.\d+)?/, (text) => ({ kind: 'literal', value: Number(text) })],
  [/^(?:true|false)\b/, (text) => ({ kind: 'literal', value: text === 'true' })],
  [/^[A-Za-z_]\w*/, (text) => ({ kind: 'name', name: text })],
  [/^:=/, () => ({ kind: 'declare' })],
  [/^\(/, () => ({ kind: 'open' })],
  [/^\|/, () => ({ kind: 'pipe' })],
  [/^,/, () => ({ kind: 'comma' })],
];

function readWords(text: string): Result<readonly Word[]> {
  const words: Word[] = [];
  for (let rest = text.trimStart(); rest !== ''; rest = rest.trimStart()) {
    const found = MATCHERS.map(([pattern, make]) => ({ text: pattern.exec(rest)?.[0], make })).find(
      (each) => each.text !== undefined,
    );
    if (found?.text === undefined) return err(`{{${text}}}: "${rest.slice(0, 20)}" means nothing here`);
    words.push(found.make(found.text));
    rest = rest.slice(found.text.length);
  }
  return ok(words);
}

const namesOf = (text: string): readonly string[] => text.split('.').filter((name) => name !== '');

function variable(text: string): Word {
  const [name = '', ...names] = text.split('.');
  return { kind: 'variable', variable: name, names };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const unquote = (text: string): string =>
  text.slice(1, -1).replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
