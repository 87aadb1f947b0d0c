// Which test files make a tier, and how they may be run.
import { builtAssets } from '../test/cluster/assets.ts';

export interface Tier {
  readonly globs: readonly string[];
  /** Files that the globs match and that are no part of the tier, each with the reason. */
  readonly leftOut?: Readonly<Record<string, string>>;
  /** How many files at a time. Tests that share the machine's kernel run one by one. */
  readonly jobs: number;
  readonly fileTimeoutSeconds: number;
  readonly needsRoot: boolean;
  /** What its files get besides our own environment. Throws when something that the tier needs has not been built. */
  readonly environment?: () => Readonly<Record<string, string>>;
}

const noFaults = 'asks the embedded API server for faults, which a real one does not have';
const kernelOnly = "is about a node's kernel, to which it is all one who keeps the objects";
const noServer = 'no API server takes part';

/** Tests of the lab that do not run once more on a lab with a real kube-apiserver, and why. */
export const notOnRealServer: Readonly<Record<string, string>> = {
  'test/e2e/api-away.test.ts': noFaults,
  'test/e2e/lab.test.ts': noFaults,
  'test/e2e/cni/check.test.ts': noFaults,
  'test/e2e/cni/refused.test.ts': noFaults,
  'test/e2e/controller-leaders.test.ts': 'takes a real server by itself: the lab tier has run it on one',
  'test/e2e/demo.test.ts': 'the demo is a show of the lab with its own API server',
  'test/e2e/guide.test.ts': 'the pages of the guide show the lab with its own API server',
  'test/e2e/ctl-doctor.test.ts': kernelOnly,
  'test/e2e/crash.test.ts': kernelOnly,
  'test/e2e/mtu.test.ts': kernelOnly,
  'test/e2e/repair.test.ts': kernelOnly,
  'test/e2e/spoof.test.ts': kernelOnly,
  'test/e2e/vxlan-port.test.ts': kernelOnly,
  'test/e2e/cni/agent-down.test.ts': noServer,
  'test/e2e/cni/input.test.ts': noServer,
  'test/e2e/cni/transport.test.ts': noServer,
};

export const tiers: Readonly<Record<string, Tier>> = {
  unit: {
    globs: ['test/architecture.test.ts', 'test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
    jobs: 2,
    fileTimeoutSeconds: 120,
    needsRoot: false,
  },
  kernel: { globs: ['test/kernel/**/*.test.ts'], jobs: 1, fileTimeoutSeconds: 180, needsRoot: true },
  lab: {
    globs: ['test/lab/**/*.test.ts', 'test/e2e/**/*.test.ts'],
    jobs: 1,
    fileTimeoutSeconds: 900,
    needsRoot: true,
  },
  api: {
    globs: ['test/api/**/*.test.ts', 'test/e2e/**/*.test.ts'],
    leftOut: notOnRealServer,
    jobs: 1,
    fileTimeoutSeconds: 300,
    needsRoot: true,
    environment: () => ({ KUBEBUILDER_ASSETS: builtAssets() }),
  },
};
