/** What the API server refused, in words for a person, with the next step. */
import { ApiError } from '../../lib/kube/error.ts';
import { CtlError } from '../../lib/ctl/ctl-error.ts';

/** Errors of other kinds stay as they are. */
export function explain(error: unknown, server: string): unknown {
  if (!(error instanceof ApiError)) return error;
  const [message, next] = wordsFor(error, server);
  return new CtlError(message, next);
}

function wordsFor(error: ApiError, server: string): readonly [message: string, next: string] {
  // Without the request that it came from: a person asked for a network, not for a path.
  const said = error.message.replace(/^[A-Z]+ \/\S*: /, '');
  switch (error.reason) {
    case 'Unreachable':
    case 'Timeout':
      return [
        `the API server ${server} does not answer: ${said}`,
        'is the cluster up, and is it the one you mean? name another with --context or --kubeconfig',
      ];
    case 'Unauthorized':
      return [`${server} refuses the credentials: ${said}`, 'log in again, or name others with --context'];
    case 'Forbidden':
      return [said, 'ask an administrator of the cluster for the right; see "kubectl auth can-i --list"'];
    case 'NotFound':
      return isMissingKind(said)
        ? missingKind(error, server)
        : [said, 'see what there is with the "ls" of the same command'];
    case 'Invalid':
    case 'BadRequest':
      return [said, 'nothing was changed: correct it and try again'];
    case 'Conflict':
    case 'AlreadyExists':
      return [said, 'look at it as it is now, and try again'];
    default:
      return [`${server}: ${said}`, error.retryable ? 'try again in a while' : ''];
  }
}

/** A server words an unknown name with the kind and the name, an unknown kind without. */
const isMissingKind = (said: string): boolean => /could not find the requested resource|page not found/.test(said);

function missingKind({ message }: ApiError, server: string): readonly [message: string, next: string] {
  if (message.includes('/warren.dev/'))
    return [`${server} does not know Warren's objects`, 'install Warren first: kubectl apply -f deploy/crds'];
  return [
    `${server} does not serve ${/ (\/\S*?):/.exec(message)?.[1] ?? 'that'}`,
    'see "kubectl api-resources" for what it serves',
  ];
}
