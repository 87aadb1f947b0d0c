/** Who calls: bearer tokens and the users that they stand for, and the users whom these speak for. */
import { badRequest } from './status.ts';

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** What else authentication knows, such as the node of a pod: `authentication.kubernetes.io/node-name`. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Token to user. */
export type Tokens = ReadonlyMap<string, User>;

export const ADMIN_GROUP = 'system:masters';
export const isAdmin = (user: User): boolean => user.groups.includes(ADMIN_GROUP);

const AUTHENTICATED = 'system:authenticated';
const ANONYMOUS = 'system:anonymous';
const UNAUTHENTICATED = 'system:unauthenticated';

/** The user of an Authorization header; undefined when it names none of the tokens. */
export function authenticate(tokens: Tokens, authorization: string | undefined): User | undefined {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const user = token === undefined ? undefined : tokens.get(token);
  return user && { ...user, groups: withStanding(user.name, user.groups) };
}

/** Everybody is in one of two groups, whatever else the user is in. */
function withStanding(name: string, groups: readonly string[]): readonly string[] {
  const standing = name === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED;
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED) ? groups : [...groups, standing];
}

const EXTRA = 'impersonate-extra-';

/** The user whom `Impersonate-…` headers name in place of the caller. Throws 400 when they name none. */
export function impersonate(caller: User, headers: NodeJS.Dict<string[]>): User {
  const [name = ''] = headers['impersonate-user'] ?? [];
  const [uid] = headers['impersonate-uid'] ?? [];
  const groups = headers['impersonate-group'] ?? [];
  const extra = extraOf(headers);
  if (name !== '') {
    const all = groups.length > 0 ? groups : accountGroups(name);
    const rest = { ...(uid === undefined ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) };
    return { name, groups: withStanding(name, all), ...rest };
  }
  if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return caller;
  const wanted = JSON.stringify({ uid, groups, extra });
  throw badRequest(`requested &user.DefaultInfo{${wanted}} without impersonating a user name`);
}

/** A ServiceAccount's groups follow from its name. */
function accountGroups(name: string): readonly string[] {
  const namespace = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name)?.[1];
  return namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** The key is the rest of the header's name, percent-encoded. */
const extraOf = (headers: NodeJS.Dict<string[]>): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([header, values]) =>
      header.startsWith(EXTRA) && values !== undefined ? [[decodeKey(header.slice(EXTRA.length)), values]] : [],
    ),
  );

/** A key that is not well encoded is taken as it is. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** As reviews and admission show a user. */
export const userInfo = ({ name, uid, groups, extra }: User) => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups: [...groups],
  ...(extra === undefined
    ? {}
    : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
});
