import { type FieldTerm, matchesFields, parseFieldSelector } from '../../field-selector.ts';
import type { KubeObject } from '../../object.ts';
import type { ListOptions } from '../../port.ts';
import { matchesLabels, parseLabelSelector, type Requirement } from '../../selector.ts';
import type { Stencil } from '../../stencil.ts';
import { type Entry, type Main, mainText } from './entry.ts';

/** Which objects a list or a watch is about. */
export interface Query {
  readonly namespace: string | undefined;
  readonly labels: readonly Requirement[];
  readonly fields: readonly FieldTerm[];
  /** Whether anything but the namespace is asked. */
  readonly selects: boolean;
}

/** Parses the selectors, or throws InvalidError. A namespace named by a field selector is as good as one named directly. */
export function parseQuery(options: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>): Query {
  const labels = options.labelSelector === undefined ? [] : parseLabelSelector(options.labelSelector);
  const fields = options.fieldSelector === undefined ? [] : parseFieldSelector(options.fieldSelector);
  return { namespace: options.namespace, labels, fields, selects: labels.length > 0 || fields.length > 0 };
}

/** False when the entry alone, without its content, shows that it does not match. */
export function mayMatch({ fields }: Query, entry: Entry): boolean {
  return fields.every(({ path, value, equal }) => {
    switch (path) {
      case 'metadata.name':
        return (entry.name === value) === equal;
      case 'metadata.namespace':
        return (entry.shelf.namespace === value) === equal;
      case 'status.phase':
        return ((entry.phase ?? '') === value) === equal;
      default:
        return true;
    }
  });
}

/** False when the entry cannot have matched at any time: its name and its namespace never change. */
export function mayEverMatch({ fields }: Query, entry: Entry): boolean {
  return fields.every(({ path, value, equal }) => {
    if (path === 'metadata.name') return (entry.name === value) === equal;
    if (path === 'metadata.namespace') return (entry.shelf.namespace === value) === equal;
    return true;
  });
}

/**
 * Tells by the JSON text alone that a label is not there, so that most objects need no parsing: the answer is false only then.
 */
export function textFilter({ labels }: Query): (mainText: string) => boolean {
  const wanted = labels
    .filter(({ operator }) => operator === 'in' || operator === 'exists')
    .map(({ operator, key, values }) => ({
      key: `"${key}":`,
      values: operator === 'in' ? values.map((value) => `"${value}"`) : [''],
    }));
  return (text) =>
    wanted.every(({ key, values }) => text.includes(key) && values.some((value) => text.includes(value)));
}

/** The same of what is on the heap: of very many objects with one stencil only the first is looked at. */
export function labelFilter(query: Query): (main: Main) => boolean {
  const mayMatchText = textFilter(query);
  const keys = query.labels
    .filter(({ operator }) => operator === 'in' || operator === 'exists')
    .map(({ key }) => `"${key}":`);
  let last: Stencil | undefined;
  let hasKeys = true;
  return (main) => {
    if (main.value !== undefined) return matchesLabels(query.labels, main.value.metadata.labels);
    const stencil = main.print?.like.stencil;
    if (stencil === undefined) return mayMatchText(mainText(main));
    if (stencil !== last) {
      hasKeys = keys.every((key) => stencil.parts.some((part) => part.includes(key)));
      last = stencil;
    }
    return hasKeys;
  };
}

export function matchesObject({ labels, fields }: Query, object: KubeObject): boolean {
  return matchesLabels(labels, object.metadata.labels) && matchesFields(fields, object);
}
