// The list of skips that are allowed, each with the reason why nobody can run the test here.

export interface AllowedSkip {
  /** Compared with `FILE > outer > inner (reason)`; `*` stands for any text. */
  readonly pattern: string;
  readonly reason: string;
}

/** One entry a line, `PATTERN -- REASON`; `#` starts a comment line. Throws at a line without a reason. */
export function parseAllowedSkips(text: string): AllowedSkip[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => {
      const [pattern, reason] = line.split(' -- ', 2);
      if (!pattern || !reason) throw new Error(`allowed-skips.txt line ${String(number)}: write PATTERN -- REASON`);
      return { pattern: pattern.trim(), reason: reason.trim() };
    });
}

export function isAllowedSkip(skip: string, allowed: readonly AllowedSkip[]): boolean {
  return allowed.some(({ pattern }) => globToRegExp(pattern).test(skip));
}

function globToRegExp(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
