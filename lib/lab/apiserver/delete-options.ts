/** DeleteOptions: from the body or the query of a DELETE. */
import * as z from 'zod';
import { readDocument } from './body.ts';
import { type ApiError, badRequest, invalid, unsupportedValue } from './status.ts';
import type { ApiRequest } from './request.ts';

export type Propagation = 'Foreground' | 'Background' | 'Orphan';
const POLICIES: readonly Propagation[] = ['Foreground', 'Background', 'Orphan'];

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: Propagation | undefined;
  readonly preconditions?:
    { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined } | undefined;
  readonly dryRun: boolean;
}

const parser = z.object({
  gracePeriodSeconds: z.number().int().nullish(),
  orphanDependents: z.boolean().nullish(),
  propagationPolicy: z.string().nullish(),
  preconditions: z.object({ uid: z.string().optional(), resourceVersion: z.string().optional() }).nullish(),
  dryRun: z.array(z.string()).nullish(),
});
type Raw = z.infer<typeof parser>;

const OPTIONS_KIND = { group: 'meta.k8s.io', kind: 'DeleteOptions' };

/** Throws 400 for what does not parse, 422 for values that are not allowed. */
export async function readDeleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const document = (await readDocument(request.message)) ?? fromQuery(request.query);
  const parsed = parser.safeParse(document);
  if (parsed.success) return checked(parsed.data);
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw badRequest(`DeleteOptions: ${problems.join('; ')}`);
}

function fromQuery(query: URLSearchParams): unknown {
  const grace = query.get('gracePeriodSeconds');
  const orphan = query.get('orphanDependents');
  return {
    gracePeriodSeconds: grace === null ? undefined : Number(grace),
    orphanDependents: orphan === null ? undefined : orphan === 'true',
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    dryRun: query.getAll('dryRun'),
  };
}

function checked(raw: Raw): DeleteOptions {
  const policy = raw.propagationPolicy ?? (raw.orphanDependents === true ? 'Orphan' : undefined);
  const known = POLICIES.find((candidate) => candidate === policy);
  if (policy !== undefined && known === undefined) {
    throw optionsError('propagationPolicy', policy, [...POLICIES, 'nil']);
  }
  const dryRun = raw.dryRun ?? [];
  const wrong = dryRun.find((value) => value !== 'All');
  if (wrong !== undefined) throw optionsError('dryRun', wrong, ['All']);
  return {
    gracePeriodSeconds: raw.gracePeriodSeconds ?? undefined,
    propagationPolicy: known,
    preconditions: raw.preconditions ?? undefined,
    dryRun: dryRun.length > 0,
  };
}

const optionsError = (path: string, value: string, allowed: readonly string[]): ApiError =>
  invalid(OPTIONS_KIND, '', [unsupportedValue(path, value, allowed)]);
