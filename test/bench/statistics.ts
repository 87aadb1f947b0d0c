// Order statistics of a sample.

/** The value below which `share` (0 to 1) of the sample lies; nearest rank. Throws on an empty sample. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new Error('empty sample');
  return value;
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);
