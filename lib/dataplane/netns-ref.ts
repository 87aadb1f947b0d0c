/** A network namespace: the agent's own ('host'), or the path of its file, e.g. `/run/netns/warren-4097`. */
export type NetnsRef = 'host' | `/${string}`;
