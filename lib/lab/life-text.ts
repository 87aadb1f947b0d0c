/** What `lab up`, `lab down` and `lab run` say. Pure. */
import type { Container } from './container.ts';
import type { DownReport } from './down.ts';
import { DEFAULT_DIR, type Lab } from './lab.ts';

const dirFlag = (lab: Lab): string => (lab.layout.dir === DEFAULT_DIR ? '' : ` --dir ${lab.layout.dir}`);

export function upText(lab: Lab): string {
  const dir = dirFlag(lab);
  return [
    `kubectl:    export KUBECONFIG=${lab.layout.kubeconfig('admin')}`,
    `container:  warrenctl lab run a1 --node n1${dir} -d`,
    `remove:     warrenctl lab down${dir}`,
  ].join('\n');
}

export function downText(report: DownReport, detail: 'counts' | 'every item'): string {
  const { processes, namespaces, mounts, left } = report;
  const counts = `removed ${processes.length} processes, ${namespaces.length} namespaces, ${mounts.length} mounts and all files`;
  const items = [
    ...processes.map(({ pid, command }) => `  process ${pid} ${command}`),
    ...namespaces.map((namespace) => `  namespace ${namespace}`),
    ...mounts.map((mount) => `  mount ${mount}`),
  ];
  const verdict = left.length === 0 ? ['nothing is left'] : ['STILL THERE:', ...left.map((item) => `  ${item}`)];
  return [counts, ...(detail === 'every item' ? items : []), ...verdict].join('\n');
}

/** `a1 on n1: eth0 172.20.0.2/24 (pod), net1 10.0.0.2/24 (blue)`. */
export function containerText({ record, interfaces }: Container): string {
  const parts = interfaces.map(({ name, network, addresses }) => `${name} ${addresses.join(' ')} (${network})`);
  return `${record.name} on ${record.node}: ${parts.join(', ')}`;
}
