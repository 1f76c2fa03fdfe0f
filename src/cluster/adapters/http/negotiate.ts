import { failure } from './status.ts';

/** How the client wants objects: whole, as rows of a table, or only their metadata. */
export type Form = 'object' | 'table' | 'metadata';

/**
 * The form that the Accept header asks for: its first entry that we can serve, as Kubernetes reads it
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources).
 * Throws 406 when only other encodings, such as protobuf, would do.
 */
export function objectForm(accept: string | undefined): Form {
  for (const { type, parameters } of mediaTypes(accept)) {
    if (!isJson(type)) continue;
    const as = parameters.get('as');
    if (as === undefined) return 'object';
    if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  throw failure(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
}

/** The version of aggregated discovery that the client can read, if it asks for it before plain JSON. */
export function aggregatedDiscovery(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of mediaTypes(accept)) {
    if (!isJson(type)) continue;
    if (parameters.get('as') === undefined) return undefined;
    const version = parameters.get('v');
    if (parameters.get('as') !== 'APIGroupDiscoveryList' || parameters.get('g') !== 'apidiscovery.k8s.io') continue;
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return undefined;
}

function isJson(type: string): boolean {
  return type === 'application/json' || type === '*/*' || type === 'application/*';
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The entries of an Accept header, or the one of a Content-Type, in order. An absent header accepts everything. */
export function mediaTypes(header: string | undefined): MediaType[] {
  if (header === undefined || header.trim() === '') return [{ type: '*/*', parameters: new Map() }];
  return header.split(',').map((entry) => {
    const [type = '', ...rest] = entry.split(';').map((part) => part.trim());
    const parameters = rest.map((part): [string, string] => {
      const cut = part.indexOf('=');
      return cut < 0 ? [part, ''] : [part.slice(0, cut).toLowerCase(), part.slice(cut + 1)];
    });
    return { type: type.toLowerCase(), parameters: new Map(parameters) };
  });
}
