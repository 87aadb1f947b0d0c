/** From the words of a Go template to its tree: fields, pipelines, `range`, `if`, `with`. */
import { err, ok, type Result } from '../net/result.ts';
import { cutTemplate, type Piece, type Word } from './template-token.ts';

export type Term =
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly variable: string; readonly names: readonly string[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'call'; readonly name: string; readonly terms: readonly Term[] }
  | { readonly kind: 'group'; readonly pipeline: Pipeline; readonly names: readonly string[] };

/** The value of each stage is the last argument of the next. */
export type Pipeline = readonly Term[];

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'show'; readonly pipeline: Pipeline }
  | { readonly kind: 'set'; readonly variable: string; readonly pipeline: Pipeline }
  | ({ readonly kind: 'range'; readonly variables: readonly string[] } & Branches)
  | ({ readonly kind: 'if' | 'with' } & Branches);

interface Branches {
  readonly pipeline: Pipeline;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

/** A mistake in a template that its author can correct. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** The error says which action is wrong. */
export function parseTemplate(text: string): Result<readonly TemplateNode[]> {
  const pieces = cutTemplate(text);
  if (!pieces.ok) return pieces;
  try {
    const parser = new Parser(pieces.value);
    const { nodes, stop } = parser.nodes();
    return stop === undefined ? ok(nodes) : err(`{{${stop}}} closes nothing: remove it`);
  } catch (error) {
    if (error instanceof TemplateError) return err(error.message);
    throw error;
  }
}

interface Body {
  readonly nodes: readonly TemplateNode[];
  /** What ended it: `end`, `else`, or `else if …`; undefined at the end of the text. */
  readonly stop: string | undefined;
  readonly words: readonly Word[];
}

class Parser {
  readonly #pieces: readonly Piece[];
  #at = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  nodes(): Body {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const piece = this.#pieces[this.#at++];
      if (piece === undefined) return { nodes, stop: undefined, words: [] };
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const keyword = keywordOf(piece.words);
      if (keyword === 'end' || keyword === 'else') return { nodes, stop: piece.source, words: piece.words };
      if (piece.words.length > 0) nodes.push(this.#action(keyword, piece.words, piece.source));
    }
  }

  #action(keyword: string, words: readonly Word[], source: string): TemplateNode {
    if (keyword === 'range') {
      const { variables, rest } = splitDeclaration(words.slice(1));
      return { kind: 'range', variables, ...this.#branches(rest, source) };
    }
    if (keyword === 'if' || keyword === 'with') return { kind: keyword, ...this.#branches(words.slice(1), source) };
    const { variables, rest } = splitDeclaration(words);
    const [variable] = variables;
    const pipeline = readPipeline(rest, source);
    return variable === undefined ? { kind: 'show', pipeline } : { kind: 'set', variable, pipeline };
  }

  #branches(words: readonly Word[], source: string): Branches {
    const pipeline = readPipeline(words, source);
    const body = this.nodes();
    if (body.stop === undefined) throw new TemplateError(`{{${source}}} has no {{end}}: add it`);
    if (keywordOf(body.words) === 'end') return { pipeline, body: body.nodes, otherwise: [] };
    const next = keywordOf(body.words.slice(1));
    if (next === 'if' || next === 'with') {
      const otherwise = [this.#action(next, body.words.slice(1), body.stop)];
      return { pipeline, body: body.nodes, otherwise };
    }
    const otherwise = this.nodes();
    if (keywordOf(otherwise.words) !== 'end') throw new TemplateError(`{{${source}}} has no {{end}}: add it`);
    return { pipeline, body: body.nodes, otherwise: otherwise.nodes };
  }
}

const keywordOf = ([first]: readonly Word[]): string => (first?.kind === 'name' ? first.name : '');

/** `$key, $value := …` */
function splitDeclaration(words: readonly Word[]): { variables: readonly string[]; rest: readonly Word[] } {
  const at = words.findIndex((word) => word.kind === 'declare');
  if (at < 0) return { variables: [], rest: words };
  const variables = words.slice(0, at).flatMap((word) => (word.kind === 'variable' ? [word.variable] : []));
  return { variables, rest: words.slice(at + 1) };
}

function readPipeline(words: readonly Word[], source: string): Pipeline {
  const reader = new TermReader(words, source);
  const pipeline = reader.pipeline();
  reader.expectEnd();
  return pipeline;
}

class TermReader {
  readonly #words: readonly Word[];
  readonly #source: string;
  #at = 0;

  constructor(words: readonly Word[], source: string) {
    this.#words = words;
    this.#source = source;
  }

  pipeline(): Pipeline {
    const stages = [this.#stage()];
    while (this.#words[this.#at]?.kind === 'pipe') {
      this.#at++;
      stages.push(this.#stage());
    }
    return stages;
  }

  expectEnd(): void {
    if (this.#at < this.#words.length) throw this.#wrong('has a word too many');
  }

  #stage(): Term {
    const terms: Term[] = [];
    for (let term = this.#term(); term !== undefined; term = this.#term()) terms.push(term);
    const [first, ...rest] = terms;
    if (first === undefined) throw this.#wrong('names nothing to show: write a field such as .Name');
    if (first.kind === 'call') return { ...first, terms: rest };
    if (rest.length > 0)
      throw this.#wrong('has more than one value: join them with a function or in actions of their own');
    return first;
  }

  #term(): Term | undefined {
    const word = this.#words[this.#at];
    if (word === undefined || word.kind === 'pipe' || word.kind === 'close') return undefined;
    this.#at++;
    if (word.kind === 'field' || word.kind === 'variable' || word.kind === 'literal') return word;
    if (word.kind === 'name') return { kind: 'call', name: word.name, terms: [] };
    if (word.kind !== 'open')
      throw this.#wrong(`has a ${word.kind === 'comma' ? '","' : '":="'} where a value belongs`);
    const pipeline = this.pipeline();
    const close = this.#words[this.#at++];
    if (close?.kind !== 'close') throw this.#wrong('has a "(" without a ")"');
    return { kind: 'group', pipeline, names: close.names };
  }

  #wrong(what: string): TemplateError {
    return new TemplateError(`{{${this.#source}}} ${what}`);
  }
}
