/** Who may call: bearer tokens and the users that they stand for. */

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** Token to user. */
export type Tokens = ReadonlyMap<string, User>;

export const ADMIN_GROUP = 'system:masters';
export const isAdmin = (user: User): boolean => user.groups.includes(ADMIN_GROUP);

/** The user of an Authorization header; undefined when it names none of the tokens. */
export function authenticate(tokens: Tokens, authorization: string | undefined): User | undefined {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : tokens.get(token);
}
