// The rules as functions: a path and a text in, the violations out. They read no disk, so each can be fed a bad example.
import { posix } from 'node:path';
import * as rules from './rules.ts';
import { defaultExportsOf, importsOf, namesOf, type Import } from './source.ts';

/** One violation as a person reads it: `lib/net/mac.ts:3: ... (because ...)`. */
export type Violation = string;

export type Rule = (path: string, text: string) => Violation[];

interface Place {
  readonly area: 'lib' | 'cmd';
  readonly room: string;
}

/** `lib/kernel/netlink/x.ts` lies in the room kernel; `cmd/agent/main.ts` is the program agent. */
function placeOf(path: string): Place | undefined {
  const [area, room] = path.split('/');
  return (area === 'lib' || area === 'cmd') && room !== undefined ? { area, room } : undefined;
}

/** The path that a relative import names, from the root of the repository. */
function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
}

export const roomImports: Rule = (path, text) => {
  const place = placeOf(path);
  if (place === undefined || !path.endsWith('.ts')) return [];
  const rule = (place.area === 'lib' ? rules.rooms : rules.programs)[place.room];
  if (rule === undefined) return [`${path}: ${place.area}/${place.room} is not in the table of rooms`];
  return importsOf(text).flatMap((found) => {
    const target = targetOf(path, found.specifier);
    if (target === undefined || mayReach(place, rule, target)) return [];
    return [violation(path, found, `may not import ${target}`, rule.reason)];
  });
};

function mayReach(from: Place, rule: rules.RoomRule, target: string): boolean {
  const to = placeOf(target);
  if (to === undefined) return false;
  if (to.area === from.area && to.room === from.room) return true;
  return to.area === 'lib' && (rule.mayImport === 'all' || rule.mayImport.includes(to.room));
}

export const moduleImports: Rule = (path, text) => {
  const place = placeOf(path);
  if (place === undefined || !path.endsWith('.ts')) return [];
  return importsOf(text).flatMap((found) =>
    rules.moduleRules
      .filter(({ module, onlyIn }) => matchesModule(found.specifier, module) && !onlyIn.includes(place.room))
      .map(({ reason }) => violation(path, found, `may not import ${found.specifier}`, reason)),
  );
};

function matchesModule(specifier: string, pattern: string): boolean {
  if (pattern.endsWith('*')) return specifier.startsWith(pattern.slice(0, -1));
  return specifier === pattern || specifier.startsWith(`${pattern}/`);
}

export const purity: Rule = (path, text) => {
  const place = placeOf(path);
  if (place?.area !== 'lib' || !rules.pureRooms.includes(place.room)) return [];
  const modules = importsOf(text)
    .filter(({ specifier }) => specifier.startsWith('node:') && !rules.pureModules.includes(specifier))
    .map((found) => violation(path, found, `pure room imports ${found.specifier}`, 'effects live in the drivers'));
  const names = namesOf(text).flatMap((use) =>
    rules.impureNames
      .filter(({ name }) =>
        name.endsWith('.') ? use.name.startsWith(name) : use.name.split('.').pop() === name || use.name === name,
      )
      .map(({ reason }) => violation(path, use, `pure room uses ${use.name}`, reason)),
  );
  return [...modules, ...names];
};

export const defaultExports: Rule = (path, text) =>
  path.endsWith('.ts')
    ? defaultExportsOf(text).map((line) => violation(path, { line }, 'default export', 'it has no name to search for'))
    : [];

export const fileLength: Rule = (path, text) => {
  const lines = text.trimEnd().split('\n').length;
  if (!path.endsWith('.ts') || lines <= rules.maxLines || path in rules.longFiles) return [];
  return [`${path}: ${String(lines)} lines, at most ${String(rules.maxLines)} (cut it, or give a reason in longFiles)`];
};

/** The names of tests say what a test file is for. */
export const purposeLine: Rule = (path, text) =>
  path.endsWith('.ts') && !path.endsWith('.test.ts') && !/^(#!.*\n)?\s*\/[/*]/.test(text)
    ? [`${path}:1: starts with a line of purpose`]
    : [];

export const fileNames: Rule = (path) => {
  const name = posix.basename(path).split('.')[0] ?? '';
  if (!path.endsWith('.ts')) return [];
  if (rules.emptyNames.includes(name)) return [`${path}: a file is named after what is in it`];
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ? [] : [`${path}: file names are kebab-case`];
};

export const topLevel: Rule = (path) => {
  const entry = path.split('/')[0] ?? '';
  if (entry.startsWith('.') || rules.topLevel.includes(entry)) return [];
  return [`${path}: ${entry} has no place at the top level`];
};

export const words: Rule = (path, text) => {
  if (path.startsWith('test/architecture')) return [];
  return text
    .split('\n')
    .flatMap((content, index) =>
      rules.forbiddenWords
        .filter(({ pattern }) => pattern.test(content))
        .map(({ pattern, reason }) =>
          violation(path, { line: index + 1 }, `has ${String(pattern.exec(content)?.[0])}`, reason),
        ),
    );
};

/** Every package that the sources import is declared in package.json, under the name that npm installs. */
export function declaredPackages(declared: readonly string[]): Rule {
  return (path, text) =>
    path.endsWith('.ts')
      ? importsOf(text)
          .filter(({ specifier }) => !/^(\.|node:|bun:)/.test(specifier) && !declared.includes(packageOf(specifier)))
          .map((found) => violation(path, found, `${found.specifier} is not in package.json`, 'npm ci must bring it'))
      : [];
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Links in Markdown to files of the repository, and to headings in them. */
export function markdownLinks(read: (path: string) => string | undefined): Rule {
  return (path, text) => {
    if (!path.endsWith('.md')) return [];
    return linksOf(text).flatMap(({ link, line }) => {
      const [file = '', anchor] = link.split('#', 2);
      const target = file === '' ? path : posix.join(posix.dirname(path), file);
      const content = file === '' ? text : read(target);
      if (content === undefined) return [`${path}:${String(line)}: link to ${target}, which is not there`];
      if (anchor === undefined || headingsOf(content).includes(anchor)) return [];
      return [`${path}:${String(line)}: ${target} has no heading #${anchor}`];
    });
  };
}

function linksOf(text: string): { readonly link: string; readonly line: number }[] {
  return withoutCode(text)
    .split('\n')
    .flatMap((content, index) =>
      [...content.matchAll(/\]\(([^()\s]+)\)/g)].map((match) => ({ link: match[1] ?? '', line: index + 1 })),
    )
    .filter(({ link }) => !/^[a-z]+:/.test(link));
}

/** Blanks fenced code, keeping the line numbers. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, (code) => code.replaceAll(/[^\n]/g, ' '));
}

function headingsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ +(.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function violation(path: string, at: Pick<Import, 'line'>, what: string, reason: string): Violation {
  return `${path}:${String(at.line)}: ${what} (${reason})`;
}
