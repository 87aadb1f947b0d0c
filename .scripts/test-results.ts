// Reads one test file's TAP stream and keeps its leaves: the test points that close no subtest.
import { Parser, type FinalResults, type Result } from 'tap-parser';
import { stringify } from 'yaml';

export interface Failure {
  /** `outer > inner > assertion`. */
  readonly name: string;
  /** Difference, place and stack as tap reported them, or empty. */
  readonly detail: string;
}

export interface Skip {
  readonly name: string;
  readonly reason: string;
}

export interface FileResults {
  passed: number;
  readonly failures: Failure[];
  readonly skips: Skip[];
}

/** Collects from a stream of TAP; `write` chunks into the parser, `end` it, then read `results`. */
export function collectResults(): { readonly parser: Parser; readonly results: FileResults } {
  const results: FileResults = { passed: 0, failures: [], skips: [] };
  const parser = new Parser();
  watch(parser, results);
  return { parser, results };
}

function watch(parser: Parser, results: FileResults): void {
  let closed: FinalResults | undefined;
  parser.on('child', (child: Parser) => {
    watch(child, results);
    child.on('complete', (final: FinalResults) => {
      closed = final;
    });
  });
  parser.on('assert', (point: Result) => {
    if (isLeaf(point, closed)) record(point, results);
  });
  parser.on('complete', (final: FinalResults) => {
    recordProtocolErrors(parser.fullname, final, results);
  });
}

/** A subtest that held no test point (it asserts by throwing, or skips itself whole) is a leaf too. */
function isLeaf(point: Result, closed: FinalResults | undefined): boolean {
  return !point.closingTestPoint || point.skip !== false || closed?.count === 0;
}

function record(point: Result, results: FileResults): void {
  const unfinished = point.skip === false ? point.todo : point.skip;
  if (unfinished !== false) {
    results.skips.push({ name: point.fullname, reason: unfinished === true ? 'no reason given' : unfinished });
  } else if (point.ok) {
    results.passed += 1;
  } else {
    results.failures.push({ name: point.fullname, detail: describe(point.diag) });
  }
}

/** A broken plan or a bail-out is a failure although no test point says so. */
function recordProtocolErrors(name: string, final: FinalResults, results: FileResults): void {
  for (const failure of final.failures) {
    if (failure.tapError !== null) results.failures.push({ name, detail: failure.tapError });
  }
  if (final.bailout !== false) results.failures.push({ name, detail: `bailed out: ${String(final.bailout)}` });
}

function describe(diagnostics: unknown): string {
  return diagnostics === null || diagnostics === undefined ? '' : stringify(diagnostics, { lineWidth: 0 }).trimEnd();
}
