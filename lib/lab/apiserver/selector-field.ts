/** Field selectors: `metadata.name=a,spec.nodeName!=b` (k8s.io/apimachinery/pkg/fields). */
import type { KubeObject } from './object.ts';
import type { ResourceType } from './resource.ts';
import { badRequest } from './status.ts';

export interface FieldSelector {
  /** Set when the selector can match one name only. */
  readonly name: string | undefined;
  matches(object: KubeObject): boolean;
}

interface Term {
  readonly path: string;
  readonly value: string;
  readonly equal: boolean;
}

/** Splits at commas that no backslash escapes. */
const splitTerms = (text: string): string[] => text.match(/(?:\\.|[^,\\])+/g) ?? [];
const unescape = (text: string): string => text.replace(/\\([\\,=])/g, '$1');

function parseTerm(text: string): Term {
  const match = /^((?:\\.|[^=!\\])+)(!=|==|=)((?:\\.|[^=\\])*)$/.exec(text);
  if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  return { path: match[1] ?? '', value: unescape(match[3] ?? ''), equal: match[2] !== '!=' };
}

/** Throws the 400 of the real server for a path that the resource does not offer. */
export function parseFieldSelector(type: ResourceType, text: string): FieldSelector | undefined {
  if (text === '') return undefined;
  const tests = splitTerms(text).map((part) => {
    const term = parseTerm(part);
    return { ...term, read: readerOf(type, term.path) };
  });
  return {
    name: tests.find((test) => test.path === 'metadata.name' && test.equal)?.value,
    matches: (object) => tests.every(({ read, value, equal }) => (read(object) === value) === equal),
  };
}

function readerOf(type: ResourceType, path: string): (object: KubeObject) => string {
  if (path === 'metadata.name') return (object) => object.metadata.name;
  if (path === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  const read = type.selectable[path];
  if (read !== undefined) return read;
  if (type.custom || Object.keys(type.selectable).length > 0) throw badRequest(`field label not supported: ${path}`);
  throw badRequest(`${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
}
