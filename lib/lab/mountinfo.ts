/** /proc/PID/mountinfo as data (proc_pid_mountinfo(5)). Pure. */

export interface Mount {
  /** What of the file system is mounted: a path, or `net:[4026532178]` for a namespace. */
  readonly root: string;
  readonly target: string;
  readonly type: string;
}

export function parseMountinfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [head = '', tail = ''] = line.split(' - ');
    const [, , , root, target] = head.split(' ');
    if (root === undefined || target === undefined) return [];
    return [{ root: unescape(root), target: unescape(target), type: tail.split(' ')[0] ?? '' }];
  });
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Mounts at or below a folder, the deepest and latest first: the order in which they can be unmounted. */
export const mountsBelow = (mounts: readonly Mount[], dir: string): readonly Mount[] =>
  mounts.filter((mount) => mount.target === dir || mount.target.startsWith(`${dir}/`)).toReversed();

/** Inode of a mounted network namespace. */
export function netnsInode(mount: Mount): string | undefined {
  return mount.type === 'nsfs' ? /^net:\[(\d+)\]$/.exec(mount.root)?.[1] : undefined;
}
