import { kindInfo } from '../cluster/index.ts';
import type { Content } from './content.ts';
import { selectedId } from './list-position.ts';
import type { Place, Target } from './state.ts';

/** `namespace/name` → both. */
export function keyOfId(id: string): { readonly namespace: string; readonly name: string } {
  const cut = id.indexOf('/');
  return { namespace: id.slice(0, cut), name: id.slice(cut + 1) };
}

/** The end of a command line that says where. */
export function inNamespace(namespace: string): readonly string[] {
  return namespace === '' ? [] : ['-n', namespace];
}

export function describeTarget(kind: string, namespace: string, name: string): Target {
  const argv = ['describe', kind.toLowerCase(), name, ...inNamespace(namespace)];
  return { kind: 'command', title: name, argv, isLive: true };
}

export function yamlTarget(kind: string, namespace: string, name: string): Target {
  const argv = ['get', kind.toLowerCase(), name, ...inNamespace(namespace), '-o', 'yaml'];
  return { kind: 'command', title: `${name} as YAML`, argv, isYaml: true };
}

export function eventsTarget(namespace: string, name: string, node?: string): Target {
  const of = node === undefined ? name : `${name}/${node}`;
  return { kind: 'command', title: `events of ${of}`, argv: ['events', of, ...inNamespace(namespace)], isLive: true };
}

/** As of a registered commit, so that it needs no checkout. */
export function graphTarget(namespace: string, name: string, commit: string): Target {
  const argv = ['graph', name, '--rev', commit, ...inNamespace(namespace)];
  return { kind: 'command', title: `graph of ${name}`, argv };
}

/** What a place is called above it. */
export function titleOf(target: Target): string {
  switch (target.kind) {
    case 'objects':
      return kindInfo(target.of)?.plural ?? target.of;
    case 'execution':
      return target.name;
    case 'logs':
      return target.node === undefined ? 'logs' : `logs of ${target.node}`;
    case 'command':
      return target.title;
    default:
      return target.kind;
  }
}

/** What Enter opens; undefined: nothing. */
export function openedBy(place: Place, content: Content): Target | undefined {
  if (content.kind !== 'list') return undefined;
  const id = selectedId(place.list, content);
  if (id === undefined) return undefined;
  const { target } = place;
  switch (target.kind) {
    case 'executions':
    case 'approvals':
      return { kind: 'execution', ...keyOfId(id) };
    case 'objects':
      return describeTarget(target.of, keyOfId(id).namespace, keyOfId(id).name);
    case 'execution':
      return { kind: 'logs', namespace: target.namespace, name: target.name, node: id };
    default:
      return undefined;
  }
}
