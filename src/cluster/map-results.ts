import { type Json, MAP_CHUNK_SIZE, sha256 } from '../base/index.ts';
import type { Execution } from './execution-kind.ts';
import { LABEL, labelValue } from './labels.ts';
import { API_VERSION, type KubeObject } from './object.ts';
import type { Cluster } from './port.ts';

/** Outputs of one subtask by name. */
export type SubtaskOutputs = Readonly<Record<string, Json>>;

/**
 * Outputs of the subtasks of one chunk of a large map, beside the execution, whose status would grow with them.
 * Owned by the execution and gone with it. Written before the status that says that a subtask succeeded.
 */
export interface MapResults extends KubeObject {
  readonly kind: 'MapResults';
  readonly spec: {
    readonly execution: string;
    /** Path of the map's node. */
    readonly node: string;
    /** Number of the chunk of MAP_CHUNK_SIZE subtasks. */
    readonly chunk: number;
  };
  readonly status?: {
    /** Index of a subtask within its map → its outputs, in a list of one so that nulls in them survive merge patches. */
    readonly results?: Readonly<Record<string, readonly [SubtaskOutputs]>>;
  };
}

/** The name is a hash of the execution's uid and the node's path: an execution of the same name has others. */
export function mapResultsName({ metadata }: Execution, node: string, chunk: number): string {
  const hash = sha256(`${metadata.uid ?? ''}\n${node}`).slice(0, 16);
  return `${metadata.name.slice(0, 200).replace(/[-.]+$/, '')}-${hash}-${chunk}`;
}

/** An empty object for a chunk's results. */
export function newMapResults(execution: Execution, node: string, chunk: number): MapResults {
  const { namespace, name, uid = '' } = execution.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'MapResults',
    metadata: {
      ...(namespace !== undefined && { namespace }),
      name: mapResultsName(execution, node, chunk),
      labels: { [LABEL.execution]: labelValue(name) },
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'Execution', name, uid, controller: true }],
    },
    spec: { execution: name, node, chunk },
  };
}

/** Outputs of subtasks by path of their map's node, then by index. */
export type KeptResults = ReadonlyMap<string, ReadonlyMap<number, SubtaskOutputs>>;

/** Reads all that maps of an execution keep beside its status. */
export async function readMapResults(cluster: Cluster, { metadata }: Execution): Promise<KeptResults> {
  const { namespace, name, uid } = metadata;
  const inNamespace = { ...(namespace !== undefined && { namespace }) };
  const labelSelector = `${LABEL.execution}=${labelValue(name)}`;
  let list = await cluster.list<MapResults>('MapResults', { ...inNamespace, labelSelector });
  // They went to the archive with their execution.
  if (list.items.length === 0) {
    list = await cluster.list<MapResults>('MapResults', {
      ...inNamespace,
      archived: { execution: name },
      labelSelector,
    });
  }
  const kept = new Map<string, Map<number, SubtaskOutputs>>();
  for (const { metadata: its, spec, status } of list.items) {
    if (its.ownerReferences?.some((owner) => owner.uid === uid) !== true) continue;
    const results = kept.get(spec.node) ?? new Map<number, SubtaskOutputs>();
    kept.set(spec.node, results);
    for (const [index, [outputs]] of Object.entries(status?.results ?? {})) results.set(Number(index), outputs);
  }
  return kept;
}

/** Whether the node is a map whose outputs, or those of its subtasks so far, stand in MapResults objects. */
export function keepsResults(node: { readonly map?: { readonly kept?: true } }): boolean {
  return node.map?.kept === true;
}

/** A map's outputs from what it keeps: a list for each name in the order of its input, null where a subtask gave none. */
export function joinResults(
  names: readonly string[],
  size: number,
  results: ReadonlyMap<number, SubtaskOutputs>,
): Readonly<Record<string, readonly Json[]>> {
  const lists: Record<string, readonly Json[]> = Object.create(null);
  for (const name of names) {
    lists[name] = Array.from({ length: size }, (_, index) => {
      const outputs = results.get(index);
      return outputs !== undefined && Object.hasOwn(outputs, name) ? (outputs[name] as Json) : null;
    });
  }
  return lists;
}

/** Number of the chunk that holds a subtask. */
export function chunkOf(index: number): number {
  return Math.floor(index / MAP_CHUNK_SIZE);
}
