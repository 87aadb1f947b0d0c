/** Waiting for several things at once, without leaving one of them running behind. */
import { CNI_CODE, CniError } from '../api/cni.ts';

/** As Promise.all, but throws only when everything has ended: what is undone after it is not still being done. */
export async function allDone<T extends readonly Promise<unknown>[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Rejects with code 11 when the work takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new CniError(CNI_CODE.tryAgainLater, 'the API server does not answer: the runtime tries again');
  const timer = setTimeout(() => reject(late), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
