// Which test files make a tier, and how they may be run.

export interface Tier {
  readonly globs: readonly string[];
  /** How many files at a time. Tests that share the machine's kernel run one by one. */
  readonly jobs: number;
  readonly fileTimeoutSeconds: number;
  readonly needsRoot: boolean;
}

export const tiers: Readonly<Record<string, Tier>> = {
  unit: {
    globs: ['test/architecture.test.ts', 'test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
    jobs: 2,
    fileTimeoutSeconds: 120,
    needsRoot: false,
  },
  kernel: { globs: ['test/kernel/**/*.test.ts'], jobs: 1, fileTimeoutSeconds: 180, needsRoot: true },
  lab: {
    globs: ['test/lab/**/*.test.ts', 'test/e2e/**/*.test.ts'],
    jobs: 1,
    fileTimeoutSeconds: 900,
    needsRoot: true,
  },
  api: { globs: ['test/api/**/*.test.ts'], jobs: 1, fileTimeoutSeconds: 180, needsRoot: false },
};
