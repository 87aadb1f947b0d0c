/** The binding subresource of Pods: what a scheduler does. */
import { timestamp } from './backend.ts';
import { asArray, asObject, asString, at, type Json, type JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { WriteRequest } from './request.ts';
import { conflict, invalid, required, unsupportedValue } from './status.ts';
import { collectionOf, currentEntry } from './write.ts';

/** Gives a pod its node. Throws 409 when it has one. */
export function bindPod(request: WriteRequest, binding: Json): void {
  const target = asObject(at(binding, 'target'));
  checkTarget(target);
  const pod = currentEntry(request).object;
  const { name } = pod.metadata;
  const resource = { group: '', plural: 'pods/binding' };
  const bound = asString(at(pod, 'spec', 'nodeName'));
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (bound !== '') throw conflict(resource, name, `pod ${name} is already assigned to node ${JSON.stringify(bound)}`);
  if (request.options.dryRun) return;
  const scheduled = bindTo(pod, asString(target['name']), timestamp(request.backend.now()));
  request.backend.store.set(collectionOf(request), scheduled);
}

function checkTarget(target: JsonObject): void {
  const kind = asString(target['kind']);
  const errors = [
    ...(kind === '' || kind === 'Node' ? [] : [unsupportedValue('target.kind', kind, ['Node', '<empty>'])]),
    ...(asString(target['name']) === '' ? [required('target.name')] : []),
  ];
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, '', errors);
}

function bindTo(pod: KubeObject, nodeName: string, now: string): KubeObject {
  const status = asObject(pod['status']);
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
  const others = asArray(status['conditions']).filter((condition) => asObject(condition)['type'] !== 'PodScheduled');
  return {
    ...pod,
    spec: { ...asObject(pod['spec']), nodeName },
    status: { ...status, conditions: [...others, scheduled] },
  };
}
