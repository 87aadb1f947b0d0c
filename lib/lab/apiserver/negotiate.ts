/** What the client wants to read: objects, tables for a person, or metadata only; as JSON or YAML. */
import { ApiError } from './status.ts';

export type Shape = 'object' | 'table' | 'metadata';
export interface Representation {
  readonly shape: Shape;
  readonly wire: 'json' | 'yaml';
}

const SHAPES: Readonly<Record<string, Shape>> = {
  '': 'object',
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
};

/** The first of the accepted types that this server can write. Throws 406 when there is none. */
export function negotiate(accept: string | undefined): Representation {
  const offers = (accept ?? '').split(',').map((part) => part.trim());
  if (offers.length === 1 && offers[0] === '') return { shape: 'object', wire: 'json' };
  for (const offer of offers) {
    const found = representationOf(offer);
    if (found !== undefined) return found;
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}

function representationOf(offer: string): Representation | undefined {
  const [media = '', ...parameters] = offer.split(';').map((part) => part.trim());
  const wire = wireOf(media);
  if (wire === undefined) return undefined;
  const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3) ?? '';
  const version = parameters.find((parameter) => parameter.startsWith('v='))?.slice(2) ?? 'v1';
  const shape = version === 'v1' ? SHAPES[as] : undefined;
  return shape === undefined ? undefined : { shape, wire };
}

function wireOf(media: string): 'json' | 'yaml' | undefined {
  if (media === 'application/json' || media === 'application/*' || media === '*/*') return 'json';
  return media === 'application/yaml' ? 'yaml' : undefined;
}
