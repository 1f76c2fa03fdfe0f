import type { Json } from '../../../base/index.ts';
import { KINDS, type KindInfo } from '../../index.ts';
import { KIND_SCHEMAS } from '../../schemas/index.ts';
import { apiVersionOf } from './api.ts';

/**
 * OpenAPI v3 of the kinds, for `kubectl explain`, for editors, and because kubectl asks it whether the server
 * validates fields (`fieldValidation` on PATCH) before it sends anything.
 */

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The answer for an OpenAPI v3 path, or undefined. */
export function openApiAnswer(path: string, version: string): Json | undefined {
  if (path === '/openapi/v3') {
    const entry = (root: string): [string, Json] => [
      root,
      { serverRelativeURL: `/openapi/v3/${root}?hash=${version}` },
    ];
    return { paths: Object.fromEntries(groupRoots().map(entry)) };
  }
  const root = path.startsWith('/openapi/v3/') ? path.slice('/openapi/v3/'.length) : '';
  return groupRoots().includes(root) ? document(root, version) : undefined;
}

/**
 * OpenAPI v2 in the only encoding that kubectl reads: protobuf. An empty document of version 2.0, for clients that
 * insist on one; v3 holds the schemas. Field 1 (`swagger`) and field 2 (`info`: `title`, `version`) of
 * github.com/google/gnostic openapiv2.Document.
 */
export function openApiV2Bytes(version: string): Buffer {
  const info = Buffer.concat([protoText(1, 'pipectl'), protoText(2, version)]);
  return Buffer.concat([protoText(1, '2.0'), Buffer.from([0x12, info.length]), info]);
}

/** As JSON, for people. */
export function openApiV2(version: string): Json {
  return { swagger: '2.0', info: { title: 'pipectl', version }, paths: {}, definitions: {} };
}

function protoText(field: number, value: string): Buffer {
  const bytes = Buffer.from(value).subarray(0, 100);
  return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
}

function rootOf(info: KindInfo): string {
  return info.group === '' ? `api/${info.version}` : `apis/${info.group}/${info.version}`;
}

function groupRoots(): string[] {
  return [...new Set(KINDS.map(rootOf))];
}

function document(root: string, version: string): Json {
  const kinds = KINDS.filter((info) => rootOf(info) === root);
  return {
    openapi: '3.0.0',
    info: { title: 'pipectl', version },
    paths: Object.fromEntries(kinds.flatMap((info) => paths(info, root))),
    components: {
      schemas: Object.fromEntries([[META, metaSchema()], ...kinds.map((info) => [schemaName(info), kindSchema(info)])]),
    },
  };
}

function schemaName(info: KindInfo): string {
  return `${info.group === '' ? 'io.k8s.api.core' : info.group.split('.').reverse().join('.')}.${info.version}.${info.kind}`;
}

function gvk(info: KindInfo): { [field: string]: Json } {
  return { group: info.group, kind: info.kind, version: info.version };
}

function kindSchema(info: KindInfo): Json {
  const schema = KIND_SCHEMAS.get(info.kind);
  return {
    description: schema?.description ?? `A ${info.kind}.`,
    type: 'object',
    properties: {
      apiVersion: { type: 'string', description: `Always ${apiVersionOf(info)}.` },
      kind: { type: 'string', description: `Always ${info.kind}.` },
      metadata: {
        allOf: [{ $ref: `#/components/schemas/${META}` }],
        description: 'Name, labels and the like.',
        default: {},
      },
      ...(schema?.fields as { [name: string]: Json } | undefined),
    },
    'x-kubernetes-group-version-kind': [gvk(info)],
    ...(schema === undefined && { 'x-kubernetes-preserve-unknown-fields': true }),
  };
}

function metaSchema(): Json {
  const text = (description: string): Json => ({ type: 'string', description });
  const texts = (description: string): Json => ({
    type: 'object',
    additionalProperties: { type: 'string' },
    description,
  });
  const time = (description: string): Json => ({ type: 'string', format: 'date-time', description });
  return {
    description: 'What every object has.',
    type: 'object',
    properties: {
      name: text('Unique in its namespace for its kind.'),
      generateName: text('Start of a name that the server completes.'),
      namespace: text('<project>-<domain>, or pipectl-system.'),
      uid: text('Unique over all time.'),
      resourceVersion: text('Changes with every change of the object.'),
      generation: { type: 'integer', format: 'int64', description: 'Counts changes of spec.' },
      creationTimestamp: time('When it was created.'),
      deletionTimestamp: time('When its deletion was asked for.'),
      labels: texts('For selectors.'),
      annotations: texts('For tools.'),
      finalizers: { type: 'array', items: { type: 'string' }, description: 'Who must agree before it goes.' },
      ownerReferences: {
        type: 'array',
        items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        description: 'Objects with which it goes.',
      },
      managedFields: {
        type: 'array',
        items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        description: 'Who owns which fields, once somebody applied it on the server.',
      },
    },
  };
}

const TEXT_PARAMETER: Json = { type: 'string', uniqueItems: true };

function paths(info: KindInfo, root: string): [string, Json][] {
  const base = `/${root}/${info.namespaced ? 'namespaces/{namespace}/' : ''}${info.plural}`;
  const operation = (action: string, names: readonly string[] = []): Json => ({
    operationId: `${action}${info.kind}`,
    parameters: names.map((name) => ({ name, in: 'query', schema: TEXT_PARAMETER })),
    responses: {
      200: {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(info)}` } } },
      },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(info),
  });
  const change = ['dryRun', 'fieldManager', 'fieldValidation'];
  return [
    [
      base,
      {
        get: operation('list', ['labelSelector', 'fieldSelector', 'limit', 'continue']),
        post: operation('post', change),
      },
    ],
    [
      `${base}/{name}`,
      {
        get: operation('get'),
        put: operation('put', change),
        patch: operation('patch', [...change, 'force']),
        delete: operation('delete', ['dryRun']),
      },
    ],
  ];
}
