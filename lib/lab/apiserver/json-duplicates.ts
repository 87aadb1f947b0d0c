/** Finds keys that a JSON text names twice in one object: JSON.parse keeps the last one and says nothing. */

/** Strings, brackets, commas and colons; the text has been parsed already, so nothing else matters. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

interface Level {
  readonly path: string;
  /** Absent for arrays. */
  readonly keys: Set<string> | undefined;
  index: number;
  key: string;
  expectsKey: boolean;
}

/** The paths of the second and further mentions, such as `spec.color`; the text must be valid JSON. */
export function duplicateKeys(text: string): string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') levels.push(open(level, token === '{'));
    else if (token === '}' || token === ']') levels.pop();
    else if (level !== undefined) step(level, token, found);
  }
  return found;
}

function open(parent: Level | undefined, isObject: boolean): Level {
  const path = parent === undefined ? '' : pathOf(parent);
  return { path, keys: isObject ? new Set() : undefined, index: 0, key: '', expectsKey: isObject };
}

const pathOf = ({ path, keys, key, index }: Level): string => {
  if (keys === undefined) return `${path}[${index}]`;
  return path === '' ? key : `${path}.${key}`;
};

function step(level: Level, token: string, found: string[]): void {
  if (token === ',') {
    level.index += 1;
    level.expectsKey = level.keys !== undefined;
  } else if (level.expectsKey && token !== ':') {
    level.key = JSON.parse(token) as string;
    level.expectsKey = false;
    if (level.keys?.has(level.key) === true) found.push(pathOf(level));
    level.keys?.add(level.key);
  }
}
