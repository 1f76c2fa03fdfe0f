import type { Json, UnixMs } from '../../../base/index.ts';
import { type Cell, type Column, columnsOf, type KindInfo, type KubeObject, rowOf } from '../../index.ts';

/** What stands in a row's `object`, by the query parameter includeObject. */
export type IncludedObject = 'None' | 'Metadata' | 'Object';

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
}

/** JSON texts of objects by identity. A store hands out one value per version, so all watchers share one text. */
const texts = new WeakMap<KubeObject, { readonly resourceVersion: string | undefined; readonly text: string }>();

/** The JSON text of an object, made once per version. */
export function objectText(object: KubeObject): string {
  const resourceVersion = object.metadata.resourceVersion;
  const known = texts.get(object);
  if (known !== undefined && known.resourceVersion === resourceVersion) return known.text;
  const text = JSON.stringify(object);
  texts.set(object, { resourceVersion, text });
  return text;
}

/** The object without spec and status, as the metadata client of Kubernetes wants it. */
export function metadataText(object: KubeObject): string {
  return JSON.stringify(partial(object));
}

function partial(object: KubeObject): Json {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata as unknown as Json,
  };
}

/** The start of a list's text, up to its first item. */
export function listHead(kind: string, apiVersion: string, meta: ListMeta): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(meta)},"items":[`;
}

/** Kubernetes' Table (meta.k8s.io/v1) of some objects of one kind; without `hasHeader` it repeats no columns. */
export function tableText(
  info: KindInfo,
  objects: readonly KubeObject[],
  meta: ListMeta,
  options: { readonly includes: IncludedObject; readonly now: UnixMs; readonly hasHeader: boolean },
): string {
  const columns = columnsOf(info.kind);
  const rows = objects.map((object) => tableRow(columns, object, options.includes, options.now));
  const head = {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: meta,
    columnDefinitions: options.hasHeader ? columns.map(columnDefinition) : null,
  };
  return `${JSON.stringify(head).slice(0, -1)},"rows":[${rows.join(',')}]}`;
}

/** The text of one row. */
export function tableRow(
  columns: readonly Column[],
  object: KubeObject,
  includes: IncludedObject,
  now: UnixMs,
): string {
  const cells: readonly Cell[] = rowOf(columns, object, now);
  const included = includes === 'None' ? 'null' : includes === 'Object' ? objectText(object) : metadataText(object);
  return `{"cells":${JSON.stringify(cells)},"object":${included}}`;
}

/** Kubernetes shows columns of priority 0 always, others only with `-o wide`. */
function columnDefinition(column: Column): Json {
  return {
    name: column.name,
    type: column.type,
    format: column.name === 'Name' ? 'name' : '',
    description: column.description,
    priority: column.wide === true ? 1 : 0,
  };
}
