// Our side: the executable `warren` on a node of the lab, called with what the lab's runtime would give it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pluginInput } from '../../lib/lab/cni-config.ts';
import { loadConfList } from '../../lib/lab/cni-runtime.ts';
import { attachmentOf, removeContainer } from '../../lib/lab/container.ts';
import { makeContainerNetns } from '../../lib/lab/container-netns.ts';
import { claimName, type ContainerRecord, saveRecord } from '../../lib/lab/container-record.ts';
import { cniHost, type Lab } from '../../lib/lab/lab.ts';
import { onNode } from '../../lib/lab/node.ts';
import { createPod } from '../../lib/lab/pod.ts';
import type { Side } from './side.ts';
import { startStopwatch, type Stopwatch } from './stopwatch-client.ts';

export interface WarrenSide extends Side {
  /** Removes what prepare and ADD made, as the lab's runtime does. Not timed. */
  remove(pod: string): Promise<void>;
}

/** Containers of this side are `<prefix>-<pod>`, attached to `networks` besides eth0. */
export async function warrenPlugin(
  lab: Lab,
  node: string,
  prefix: string,
  networks: string | undefined,
): Promise<WarrenSide> {
  const host = cniHost(lab, node);
  const conf = await loadConfList(host);
  const [plugin] = conf.list.plugins;
  if (plugin === undefined) throw new Error('the conflist names no plugin');
  const input = `${prefix}.json`;
  await writeFile(join(lab.layout.node(node).run, input), JSON.stringify(pluginInput(conf.list, plugin, {})));
  const stopwatch = startStopwatch((argv) => onNode(lab.layout, node, argv));
  const records = new Map<string, ContainerRecord>();
  return {
    name: networks === undefined ? 'warren, eth0' : 'warren, eth0 and one overlay',
    async prepare(pod) {
      const claimed = await claimName(lab.layout, { name: `${prefix}-${pod}`, node, namespace: 'default' });
      const request = { name: claimed.name, node, ...(networks === undefined ? {} : { networks }) };
      const record = { ...claimed, podUid: await createPod(lab.api, claimed, request), conf: conf.text };
      await saveRecord(lab.layout, record);
      await makeContainerNetns(lab, record);
      records.set(pod, record);
    },
    call: (verb, pod) => callPlugin(stopwatch, join(host.binDir, plugin.type), verb, input, records.get(pod)),
    async remove(pod) {
      await removeContainer(lab, `${prefix}-${pod}`);
      records.delete(pod);
    },
    [Symbol.asyncDispose]: () => stopwatch[Symbol.asyncDispose](),
  };
}

function callPlugin(
  stopwatch: Stopwatch,
  path: string,
  verb: 'ADD' | 'DEL',
  input: string,
  record: ContainerRecord | undefined,
): Promise<number> {
  if (record === undefined) throw new Error('prepare comes before call');
  const attachment = attachmentOf(record);
  return stopwatch.time({
    path,
    stdin: `/run/${input}`,
    stdout: `/run/${input}.answer`,
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      CNI_COMMAND: verb,
      CNI_CONTAINERID: attachment.containerId,
      CNI_NETNS: attachment.netns,
      CNI_IFNAME: attachment.ifName,
      CNI_ARGS: attachment.args.map(([name, value]) => `${name}=${value}`).join(';'),
      CNI_PATH: '/opt/cni/bin',
    },
  });
}
