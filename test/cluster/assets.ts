/** Where the programs of a real Kubernetes lie that test/cluster/build.ts makes. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;

/** One Go module: its folder here, and what it makes. The versions stand in its go.mod. */
export interface GoModule {
  readonly folder: string;
  /** The module that gives the programs their version. */
  readonly versionOf: string;
  /** Program to Go package. */
  readonly programs: Readonly<Record<string, string>>;
}

export const modules: readonly GoModule[] = [
  {
    folder: join(here, 'kubernetes'),
    versionOf: 'k8s.io/kubernetes',
    programs: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
  },
  {
    folder: join(here, 'etcd'),
    versionOf: 'go.etcd.io/etcd/server/v3',
    programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  },
];

/** `v1.36.3`, as the module's go.mod pins it. */
export function pinnedVersion({ folder, versionOf }: GoModule): string {
  const words = readFileSync(join(folder, 'go.mod'), 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const pin = words
    .map((line) => (line[0] === 'require' ? line.slice(1) : line))
    .find(([module]) => module === versionOf);
  const version = pin?.[1];
  if (version === undefined) throw new Error(`${folder}/go.mod requires no ${versionOf}`);
  return version;
}

/** `.cache/kube-1.36.3-etcd-3.6.5`: another version is another folder, so that no old program is ever taken for a new one. */
export const assetsFolder = (): string => {
  const [kubernetes, etcd] = modules.map((module) => pinnedVersion(module).replace(/^v/, ''));
  return resolve(here, '../../.cache', `kube-${kubernetes ?? ''}-etcd-${etcd ?? ''}`);
};

/** The folder, for `KUBEBUILDER_ASSETS`. Throws when it has not been built. */
export function builtAssets(): string {
  const folder = assetsFolder();
  const missing = modules
    .flatMap(({ programs }) => Object.keys(programs))
    .find((name) => !existsSync(join(folder, name)));
  if (missing === undefined) return folder;
  throw new Error(`${join(folder, missing)} is not there: build it first with make cluster`);
}
