/** Reads request paths: `/apis/GROUP/VERSION[/namespaces/NS]/PLURAL[/NAME[/SUBRESOURCE]]` (k8s.io/apiserver RequestInfo). */

export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
}

/** Undefined for paths that name no resource. */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const parts = decodeParts(pathname);
  if (parts === undefined) return undefined;
  const [root, ...rest] = parts;
  if (root === 'api' && rest.length >= 2) return resourceIn('', rest);
  if (root === 'apis' && rest.length >= 3) return resourceIn(rest[0] ?? '', rest.slice(1));
  return undefined;
}

function decodeParts(pathname: string): string[] | undefined {
  try {
    return pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

function resourceIn(group: string, [version = '', ...parts]: string[]): ResourcePath | undefined {
  const [first = '', second = '', third = ''] = parts;
  const inNamespace = first === 'namespaces' && parts.length >= 3 && !NAMESPACE_SUBRESOURCES.includes(third);
  const [plural = '', name = '', subresource = '', ...more] = inNamespace ? parts.slice(2) : parts;
  if (more.length > 0) return undefined;
  return { group, version, namespace: inNamespace ? second : '', plural, name, subresource };
}
