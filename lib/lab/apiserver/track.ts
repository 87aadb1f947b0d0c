/** Records in an object who set its fields, for every write that is no apply. */
import { timestamp } from './backend.ts';
import { type Comparison, withoutTopLevel } from './field-walk.ts';
import { compareObjects, readShares, sentShares, shareUpdate, type Writer, writeShares } from './managed-fields.ts';
import { omit } from './json.ts';
import type { KubeObject, ObjectMeta } from './object.ts';
import type { WriteRequest } from './request.ts';
import { apiVersionOf } from './resource.ts';

export function writerOf({ options, type, path, backend }: WriteRequest, operation: 'Apply' | 'Update'): Writer {
  return {
    manager: options.fieldManager,
    operation,
    apiVersion: apiVersionOf(type),
    subresource: path.subresource,
    time: timestamp(backend.now()),
  };
}

/** The fields that an endpoint does not write belong to nobody who writes there. */
export function resetFields({ type, path }: WriteRequest): string[] {
  if (path.subresource === 'status') return type.custom ? ['metadata', 'spec'] : ['spec'];
  return type.hasStatus ? ['status'] : [];
}

/** The part of a comparison that the endpoint writes. */
export const written = (request: WriteRequest, { changed, removed }: Comparison): Comparison => ({
  changed: withoutTopLevel(changed, resetFields(request)),
  removed: withoutTopLevel(removed, resetFields(request)),
});

/** Sets managedFields for an update of `old`, or for a create when there is none. */
export function trackUpdate(request: WriteRequest, object: KubeObject, old: KubeObject | undefined): void {
  const stored = readShares(old?.metadata.managedFields);
  const sent = request.path.subresource === '' ? sentShares(object) : undefined;
  // Whose fields nobody has followed so far, are nobody's until somebody applies.
  if (old !== undefined && sent === undefined && old.metadata.managedFields === undefined) return;
  const shares = sent ?? stored;
  const comparison = written(
    request,
    compareObjects(old ?? request.type.emptyObject, object, request.served.ownedSchema),
  );
  const entries = writeShares(shareUpdate(shares, writerOf(request, 'Update'), comparison));
  const metadata = omit(object.metadata, ['managedFields']) as ObjectMeta;
  object.metadata = entries.length === 0 ? metadata : { ...metadata, managedFields: entries };
}
