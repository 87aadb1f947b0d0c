/** What the API server refused, or why it could not be asked. */
import * as z from 'zod';

/**
 * A failed API call. `reason` is the server's own (`NotFound`, `AlreadyExists`, `Conflict`, `Expired`, `TooManyRequests`, …),
 * or one of ours with `status` 0: `Unreachable`, `Timeout`, `Aborted`; `Unreadable` when the answer is no such object.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  /** The same call may succeed later without any change. */
  readonly retryable: boolean;

  constructor(of: { status: number; reason: string; message: string; cause?: unknown }) {
    super(of.message, { cause: of.cause });
    this.status = of.status;
    this.reason = of.reason;
    this.retryable = isRetryable(of.status, of.reason);
  }
}

export const hasReason = (error: unknown, reason: string): boolean =>
  error instanceof ApiError && error.reason === reason;

/** Both spellings that servers use for a resourceVersion or continue token that is too old (410). */
export const isExpired = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');

function isRetryable(status: number, reason: string): boolean {
  if (status === 0) return reason !== 'Aborted';
  return status === 429 || status >= 500 || reason === 'Conflict';
}

const statusSchema = z.object({
  kind: z.literal('Status'),
  reason: z.string().optional(),
  message: z.string().optional(),
  code: z.number().optional(),
});

/** From an answer with an error status: metav1.Status as the server words it, or what can be said without one. */
export function errorFromResponse(call: string, status: number, body: string): ApiError {
  const said = statusSchema.safeParse(parseJson(body)).data;
  const message = said?.message ?? (body.slice(0, 200).trim() || `status ${status}`);
  return new ApiError({ status, reason: said?.reason ?? reasonOf(status), message: `${call}: ${message}` });
}

/** From the object of a watch event of type ERROR. */
export function errorFromStatus(call: string, object: unknown): ApiError {
  const said = statusSchema.safeParse(object).data;
  const status = said?.code ?? 500;
  return new ApiError({
    status,
    reason: said?.reason ?? reasonOf(status),
    message: `${call}: ${said?.message ?? 'the watch ended with an error'}`,
  });
}

/** The value, or undefined for text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
const reasonOf = (status: number): string => REASONS[status] ?? (status >= 500 ? 'InternalError' : 'Unknown');
