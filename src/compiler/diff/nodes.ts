import type { Definition } from '../../language/index.ts';
import type { EntityClosure } from '../closure.ts';
import type { RenamedNode } from './contract.ts';
import { pairRenames } from './rename.ts';
import type { Branch } from './tree.ts';
import { type ViewNames, viewOf } from './view.ts';

/** A definition with its closure, where both sides have one. */
export interface Version {
  readonly definition: Definition;
  readonly closure: EntityClosure | undefined;
}

export interface Views {
  readonly before: Branch;
  readonly after: Branch;
  readonly renamedNodes: readonly RenamedNode[];
}

/** Views of both versions of an entity in which renamed entities and renamed nodes have their new names. */
export function viewsOfPair(before: Version, after: Version, entityKey: (key: string) => string): Views {
  const renamedNodes = renamedNodesOf(before, after, entityKey);
  const renamed = new Map(renamedNodes.map(({ from, to }) => [from, to]));
  return {
    before: viewOf(before.definition, before.closure, { entityKey, nodeName: (id) => renamed.get(id) ?? id }),
    after: viewOf(after.definition, after.closure),
    renamedNodes,
  };
}

/** Nodes of a workflow that have another id and do the same or nearly so. */
function renamedNodesOf(before: Version, after: Version, entityKey: (key: string) => string): readonly RenamedNode[] {
  if (before.definition.kind !== 'Workflow' || after.definition.kind !== 'Workflow') return [];
  const old = before.definition.spec.nodes;
  const fresh = after.definition.spec.nodes;
  const gone = [...old.keys()].filter((id) => !fresh.has(id));
  const added = [...fresh.keys()].filter((id) => !old.has(id));
  if (gone.length === 0 || added.length === 0) return [];
  // Which new id an old one has is what is looked for: until then nodes of one side only are all called alike.
  const left = nodesOf(before, gone, { entityKey, nodeName: (id) => (fresh.has(id) ? id : '') });
  const right = nodesOf(after, added, { nodeName: (id) => (old.has(id) ? id : '') });
  return pairRenames(left, right).map(({ from, to }) => ({ from, to }));
}

function nodesOf(
  { definition, closure }: Version,
  ids: readonly string[],
  { entityKey, nodeName }: Required<Pick<ViewNames, 'nodeName'>> & ViewNames,
): readonly { readonly name: string; readonly view: Branch }[] {
  // Keys stay apart, references do not.
  const view = viewOf(definition, closure, { ...(entityKey && { entityKey }), nodeName, keepsNodeKeys: true });
  const spec = view.fields.get('spec');
  const nodes = spec?.kind === 'branch' ? spec.fields.get('nodes') : undefined;
  if (nodes?.kind !== 'branch') return [];
  return ids.flatMap((name) => {
    const node = nodes.fields.get(name);
    return node?.kind === 'branch' ? [{ name, view: node }] : [];
  });
}
