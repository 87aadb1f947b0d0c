/** Tells which of our namespaces changed: from notifications of the kernel, and from the directory of their names. */
import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { NetnsRef } from '../../dataplane/object.ts';
import { NFT_TABLE } from '../../dataplane/owner.ts';
import type { Logger } from '../../telemetry/log.ts';
import { NetlinkDecodeError } from '../netlink/bytes.ts';
import type { Message } from '../netlink/message.ts';
import { NSID_NONE, RTM_GETNSID, RTM_NEWNSID, decodeNsid, encodeNsid } from '../netlink/nsid.ts';
import { NETLINK_NETFILTER, NETLINK_ROUTE, RouteSocket } from '../netlink/socket.ts';
import { openNetns } from '../netns/enter.ts';
import { dumpLinks } from '../observe/dump.ts';
import { type NetnsDir, isOurLink, roleOf } from '../ownership.ts';
import { Coalescer } from './coalescer.ts';
import { changedTable } from './nft-notification.ts';
import { type Notification, decodeNotification, isRelevant } from './notification.ts';
import { NotificationSocket } from './notification-socket.ts';
import { Poller } from './poll.ts';

/** Bit masks of RTNLGRP_LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE, NSID. */
const ROUTE_GROUPS = [1, 3, 5, 7, 9, 11, 28].reduce((mask, group) => mask | (1 << (group - 1)), 0);
const NFNLGRP_NFTABLES = 1 << (7 - 1);
const COALESCE_MS = 10;
/** One ADD makes a dozen notifications: read together, after it, they do not stand in its way. */
const BURST_MS = 20;
/** Datagrams between two turns of the event loop. */
const CHUNK = 128;
const RETRY_MS = 1_000;

export interface WatcherOptions {
  readonly netnsDir: NetnsDir;
  readonly log: Logger;
  /** Told when a namespace is gone for good. */
  readonly gone: (netns: NetnsRef) => void;
}

/** The number of a namespace in the host's, which is given one if it has none. Rejects with KernelError. */
async function numberOf(netns: NetnsRef): Promise<number | undefined> {
  using socket = new RouteSocket();
  using file = openNetns(netns);
  const [, answer] = await socket.request([
    { type: RTM_NEWNSID, flags: 0, payload: encodeNsid(file.fd, NSID_NONE) },
    { type: RTM_GETNSID, flags: 0, payload: encodeNsid(file.fd) },
  ]);
  const payload = answer?.payloads[0];
  return payload && decodeNsid(payload);
}

export class Watcher {
  /** Namespaces in which something of ours may have changed. */
  readonly netns = new Coalescer<NetnsRef>(COALESCE_MS);
  /** Any link or address of the host's namespace. */
  readonly hostLinks = new Coalescer<'host'>(COALESCE_MS);
  readonly #options: WatcherOptions;
  readonly #route = new NotificationSocket(NETLINK_ROUTE, ROUTE_GROUPS);
  readonly #nft = new NotificationSocket(NETLINK_NETFILTER, NFNLGRP_NFTABLES);
  readonly #poller = new Poller([this.#route.fd, this.#nft.fd]);
  readonly #byNsid = new Map<number, NetnsRef>();
  readonly #identities = new Map<NetnsRef, string>();
  /** Indexes of our links in the host's namespace. */
  readonly #ours = new Set<number>();
  readonly #directory: FSWatcher | undefined;
  readonly #loop: Promise<void>;

  private constructor(options: WatcherOptions) {
    this.#options = options;
    this.#directory = this.#watchDirectory();
    this.#loop = this.#run();
  }

  /** `netnsDir` must be there. Rejects with KernelError. */
  static async start(options: WatcherOptions): Promise<Watcher> {
    const watcher = new Watcher(options);
    try {
      using socket = new RouteSocket();
      for (const link of await dumpLinks(socket)) if (isOurLink('host', link)) watcher.#ours.add(link.index);
      return watcher;
    } catch (error) {
      await watcher.close();
      throw error;
    }
  }

  /**
   * Hears a namespace from now on: gives it a number in the host's. `identity` tells a new one under the same path. Never
   * rejects: a namespace that is gone by now needs no hearing.
   */
  async follow(netns: NetnsRef, identity: string): Promise<void> {
    if (netns === 'host' || this.#identities.get(netns) === identity) return;
    try {
      const nsid = await numberOf(netns);
      if (nsid === undefined) return;
      this.#byNsid.set(nsid, netns);
      this.#identities.set(netns, identity);
    } catch (error) {
      this.#options.log.warn({ error, netns }, 'changes in a network namespace cannot be heard');
    }
  }

  async close(): Promise<void> {
    this.netns.stop();
    this.hostLinks.stop();
    this.#directory?.close();
    this.#poller.stop();
    await this.#loop;
    this.#poller.close();
    this.#route[Symbol.dispose]();
    this.#nft[Symbol.dispose]();
  }

  /** A namespace that somebody keeps alive goes without a word from the kernel when its name does; inotify tells. */
  #watchDirectory(): FSWatcher | undefined {
    const { netnsDir, log } = this.#options;
    const failed = (error: unknown): void => log.warn({ error, netnsDir }, 'names of namespaces cannot be watched');
    try {
      const watcher = watch(netnsDir, (_event, file) => {
        const path: NetnsRef = `${netnsDir}/${file ?? ''}`;
        if (roleOf(path, netnsDir) === 'network') this.netns.changed(path);
      });
      return watcher.on('error', failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  async #run(): Promise<void> {
    while (await this.#poller.wait()) {
      await sleep(BURST_MS);
      await this.#drain(this.#route, (netns, message) => this.#heardRoute(netns, message));
      await this.#drain(this.#nft, (netns, message) => this.#heardNft(netns, message));
    }
  }

  async #drain(socket: NotificationSocket, heard: (netns: NetnsRef, message: Message) => void): Promise<void> {
    for (let count = 1; ; count++) {
      try {
        const received = socket.receive();
        if (received.kind === 'nothing') return;
        if (received.kind === 'overrun') this.#everythingChanged();
        else this.#eachMessage(received.nsid, received.messages, heard);
      } catch (error) {
        this.#options.log.error({ error }, 'a notification of the kernel cannot be read');
        this.#everythingChanged();
        if (!(error instanceof NetlinkDecodeError)) break;
      }
      if (count % CHUNK === 0) await turn();
    }
    // The socket itself fails: to try again at once would do nothing else any more.
    await sleep(RETRY_MS);
  }

  #eachMessage(
    nsid: number | undefined,
    messages: readonly Message[],
    heard: (netns: NetnsRef, message: Message) => void,
  ): void {
    const netns = nsid === undefined ? 'host' : this.#byNsid.get(nsid);
    if (netns) for (const message of messages) heard(netns, message);
  }

  #heardRoute(netns: NetnsRef, message: Message): void {
    const notification = decodeNotification(message);
    if (!notification) return;
    const role = roleOf(netns, this.#options.netnsDir);
    if (isRelevant(notification, role, this.#ours)) this.netns.changed(netns);
    if (netns === 'host') this.#heardOfHost(notification);
  }

  #heardOfHost(notification: Notification): void {
    if (notification.kind === 'netns-gone') this.#heardOfEnd(notification.nsid);
    if (notification.kind === 'link' || notification.kind === 'address') this.hostLinks.changed('host');
    if (notification.kind !== 'link') return;
    if (notification.isGone) this.#ours.delete(notification.link.index);
    else if (isOurLink('host', notification.link)) this.#ours.add(notification.link.index);
  }

  #heardOfEnd(nsid: number): void {
    const netns = this.#byNsid.get(nsid);
    if (!netns) return;
    this.#byNsid.delete(nsid);
    this.#identities.delete(netns);
    this.#options.gone(netns);
    this.netns.changed(netns);
  }

  #heardNft(netns: NetnsRef, message: Message): void {
    if (changedTable(message) === NFT_TABLE) this.netns.changed(netns);
  }

  #everythingChanged(): void {
    for (const netns of ['host' as const, ...this.#byNsid.values()]) this.netns.changed(netns);
    this.hostLinks.changed('host');
  }
}
