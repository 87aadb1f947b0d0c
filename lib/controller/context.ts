/** What every loop of the controller works with. */
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Logger } from '../telemetry/log.ts';
import type { View } from './view.ts';

export interface Context {
  readonly client: KubeClient;
  readonly view: View;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
  /** The wall clock, for what people read. */
  readonly now: () => Date;
}
