/** The kernel of a Linux node. */
import { readdirSync } from 'node:fs';
import type { NetnsRef } from '../dataplane/object.ts';
import type { Kernel } from '../dataplane/op.ts';
import type { IpAddress } from '../net/address.ts';
import { type Logger, silentLogger } from '../telemetry/log.ts';
import { Applier } from './apply/applier.ts';
import { inPool, poll } from './libc.ts';
import { RouteSocket } from './netlink/socket.ts';
import { NoNetnsError, withNetns } from './netns/enter.ts';
import { deleteNetns, isNetns, shareDirectory } from './netns/netns.ts';
import type { NftDriver } from './nft/contract.ts';
import { observe } from './observe/observer.ts';
import { type NetnsDir, roleOf } from './ownership.ts';
import { SysctlKeys } from './sysctl/keys.ts';
import { type Underlay, findUnderlay } from './underlay.ts';
import { Watcher } from './watch/watcher.ts';

export interface KernelOptions {
  /** Where namespaces have their names: `/run/netns`. It is made if need be. */
  readonly netnsDir: NetnsDir;
  readonly nft: NftDriver;
  readonly log?: Logger;
  /**
   * Namespaces of the containers that may have an interface of ours, in the words of the desired state. After a restart they
   * tell where the peers of veths are. Those that `apply` or `observe` were given, and those in `netnsDir`, are known without.
   */
  readonly containers?: () => Iterable<NetnsRef>;
}

/** `close` lets the process end; until then the notifications keep it alive. */
export interface LinuxKernel extends Kernel {
  /** Tells one namespace from every other until the machine starts again; undefined when there is none. */
  identity(netns: NetnsRef): string | undefined;
  /** The host's link that holds an address; undefined when none does. */
  underlay(ip: IpAddress): Promise<Underlay | undefined>;
  /** Calls back when a link or an address of the host changed (coalesced). Returns its undoing. */
  watchHostLinks(changed: () => void): () => void;
}

const filesIn = (netnsDir: NetnsDir): NetnsRef[] =>
  readdirSync(netnsDir).map((name): NetnsRef => `${netnsDir}/${name}`);
const networksIn = (netnsDir: NetnsDir): NetnsRef[] =>
  filesIn(netnsDir).filter((path) => roleOf(path, netnsDir) === 'network');

/** Files on which no namespace is mounted: left by a process that was killed between the two. */
function sweep(netnsDir: NetnsDir): void {
  for (const path of networksIn(netnsDir)) {
    if (!isNetns(path)) deleteNetns(path);
  }
}

function identity(netns: NetnsRef): string | undefined {
  try {
    using socket = withNetns(netns, () => new RouteSocket());
    return socket.netns;
  } catch (error) {
    if (error instanceof NoNetnsError) return undefined;
    throw error;
  }
}

/** Namespaces that callers have named, and those with a name, for the search after the peers of veths. */
class Candidates {
  readonly #named = new Set<NetnsRef>();
  readonly #options: KernelOptions;

  constructor(options: KernelOptions) {
    this.#options = options;
  }

  add(netns: NetnsRef): void {
    this.#named.add(netns);
  }

  remove(netns: NetnsRef): void {
    this.#named.delete(netns);
  }

  all(): NetnsRef[] {
    const { netnsDir, containers } = this.#options;
    return [...new Set<NetnsRef>(['host', ...(containers?.() ?? []), ...this.#named, ...filesIn(netnsDir)])];
  }
}

/** Needs CAP_SYS_ADMIN and CAP_NET_ADMIN. Rejects with KernelError. */
export async function openKernel(options: KernelOptions): Promise<LinuxKernel> {
  const { netnsDir, nft, log = silentLogger } = options;
  // The threads of the pool start here, in the host's namespace: one that started while the main thread is in another
  // would stay there.
  await inPool(poll, Buffer.alloc(0), 0, 0);
  shareDirectory(netnsDir);
  sweep(netnsDir);
  const host = identity('host');
  const candidates = new Candidates(options);
  const sysctls = new SysctlKeys();
  const gone = (netns: NetnsRef): void => {
    // Another one may have its path by now: the kernel ends namespaces late.
    if (isNetns(netns)) return;
    candidates.remove(netns);
    sysctls.forget(netns);
  };
  const watcher = await Watcher.start({ netnsDir, log, gone });
  const opened = (netns: NetnsRef, id: string): Promise<void> => {
    candidates.add(netns);
    return watcher.follow(netns, id);
  };
  const applier = new Applier({ nft, sysctls, opened });
  return {
    observe: (netns) => observe(netns, { netnsDir, nft, sysctls, opened, candidates: () => candidates.all() }),
    listNetns: () => Promise.resolve().then(() => networksIn(netnsDir)),
    apply: (ops) => applier.apply(ops),
    watch: (changed) => watcher.netns.listen(changed),
    identity: (netns) => (netns === 'host' ? host : identity(netns)),
    underlay: findUnderlay,
    watchHostLinks: (changed) => watcher.hostLinks.listen(() => changed()),
    close: async () => {
      await applier.idle();
      await watcher.close();
    },
  };
}
