/** Whether an object exists, asked where it is known for certain. */
import type { ObjectMeta, Resource } from '../api/meta.ts';
import type { KubeClient } from '../kube/client.ts';
import { hasReason } from '../kube/error.ts';

/** Asks the server itself: our copy may be behind, and an object that cannot be read is there all the same. */
export async function isGone<T extends { readonly metadata: ObjectMeta }>(
  client: KubeClient,
  resource: Resource<T>,
  name: string,
  uid?: string,
  namespace?: string,
): Promise<boolean> {
  try {
    const { metadata } = await client.get(resource, name, { namespace });
    return uid !== undefined && metadata.uid !== uid;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return true;
    if (hasReason(error, 'Unreadable')) return false;
    throw error;
  }
}
