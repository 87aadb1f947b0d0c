/**
 * Undoes an attachment: the kernel at once, then the claims, last the journal's entry. Every step may be repeated, so a crash
 * or an absent API server only delays the rest.
 */
import { type Attachment, keyOf } from '../store/attachment.ts';
import { allDone } from './all-done.ts';
import { kernelFailure } from './failure.ts';
import type { Parts } from './parts.ts';
import { interfaceObjects, scopeOf } from './view.ts';

/** Resolves when the container has lost its interfaces and the disk knows. The rest, and what failed, follows in the background. */
export async function release(parts: Parts, attachment: Attachment): Promise<void> {
  const leaving: Attachment = { ...attachment, state: 'releasing' };
  parts.journal.hold(leaving);
  try {
    const [isRecorded] = await allDone([recorded(parts, leaving), disconnect(parts, leaving)]);
    // A full disk takes no entry, but gives one up: then all the rest has to be done now.
    if (!isRecorded) await finishRelease(parts, leaving);
  } finally {
    parts.releases.add(keyOf(leaving));
  }
}

async function recorded(parts: Parts, leaving: Attachment): Promise<boolean> {
  try {
    await parts.journal.put(leaving);
    return true;
  } catch (error) {
    parts.log.warn({ err: error, attachment: keyOf(leaving) }, 'journal not written');
    return false;
  }
}

/** The address may be given again only when nothing on this node answers to it any more. */
async function disconnect(parts: Parts, attachment: Attachment): Promise<void> {
  const view = parts.view();
  if (view === undefined) throw new Error('this node does not know its own addresses yet');
  const rounds = attachment.interfaces.map((one) =>
    parts.scopes.remove(scopeOf(one, view), interfaceObjects(view, attachment, one)),
  );
  const failure = kernelFailure((await Promise.all(rounds)).flat());
  if (failure !== undefined) throw failure;
}

/** Gives the claims back and forgets the attachment; does the kernel's part again where that had failed. */
export async function finishRelease(parts: Parts, attachment: Attachment): Promise<void> {
  const current = parts.journal.get(keyOf(attachment));
  if (current?.state !== 'releasing') return;
  await disconnect(parts, current);
  const claims = current.interfaces.flatMap(({ on }) => (on.kind === 'overlay' ? [on] : []));
  await Promise.all(claims.map((claim) => parts.claims.release(claim)));
  await parts.journal.remove(keyOf(current));
  parts.attachmentsChanged();
}
