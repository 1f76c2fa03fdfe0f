import { InvalidError, type KindInfo, kindInfo, type ListOptions, type ObjectKey } from '../../index.ts';

/** The row of a kind. Throws an InvalidError for a kind that the API does not have. */
export function infoOf(kind: string): KindInfo {
  const info = kindInfo(kind);
  if (info === undefined) throw new InvalidError(`unknown kind "${kind}"`);
  return info;
}

/** The URL path of a kind's objects, in one namespace or in all. */
export function collectionPath(info: KindInfo, namespace: string | undefined): string {
  const root = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`;
  const inside = info.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${inside}/${info.plural}`;
}

/** The URL path of one object. */
export function objectPath(key: ObjectKey): string {
  return `${collectionPath(infoOf(key.kind), key.namespace)}/${encodeURIComponent(key.name)}`;
}

/** A query string with its `?`, of the parameters that have a value; empty without any. */
export function queryOf(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Selectors as query parameters. */
export function selectorsOf(options: ListOptions): Record<string, string | undefined> {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

/** What is asked of the archive as query parameters, which an API server without one ignores. */
export function historyOf({ archived }: ListOptions): Record<string, string | number | boolean | undefined> {
  if (archived === undefined) return {};
  const { phases, ...rest } = archived;
  return { archived: true, ...rest, phase: phases?.join(',') };
}
