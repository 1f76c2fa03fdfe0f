import { type Json, sameJson } from '../../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  DEFINITION_KINDS,
  findObject,
  type Identity,
  type KubeObject,
  LABEL,
  type ObjectKey,
  type Write,
  wholeObject,
} from '../../index.ts';
import type { Api } from './api.ts';
import type { ObjectsRoute } from './routes.ts';

/**
 * Definitions are changed in git. Who makes or changes one here leaves a name and a time on it, so that the reconciler, which
 * makes the change undone or tells of it, knows whose it was; also of one that is deleted, in the version that watches see last.
 */
export function signedApi<T extends Api>(api: T, { info }: ObjectsRoute, { name }: Identity): T {
  if (!DEFINITION_KINDS.has(info.kind)) return api;
  const { cluster, clock } = api;
  return {
    ...api,
    cluster: {
      ...cluster,
      async write(writes, options) {
        const note = JSON.stringify({ by: name, at: new Date(clock.now()).toISOString() });
        const annotations = { [ANNOTATION.changedBy]: note };
        const groups = await Promise.all(writes.map((write) => signed(cluster, write, annotations)));
        const written = await cluster.write(groups.flat(), options);
        // Callers know of their own writes only.
        const ends = groups.map((_, index) => groups.slice(0, index + 1).flat().length - 1);
        return ends.flatMap((end) => written[end] ?? []);
      },
    },
  };
}

type Annotations = Readonly<Record<string, string>>;

/** The write with the note on its object. */
async function signed(cluster: Cluster, write: Write, annotations: Annotations): Promise<readonly Write[]> {
  switch (write.op) {
    case 'create':
      return [{ ...write, object: annotated(write.object, annotations) }];
    case 'createAlike':
      return [{ op: 'create', object: annotated(wholeObject(write.like), annotations) }];
    case 'patch':
      return withNote(cluster, write, write.key, annotations);
    case 'update':
    case 'apply': {
      const { kind, metadata } = write.object;
      return withNote(cluster, write, { ...metadata, kind }, annotations);
    }
    case 'patchStatus':
      return [write];
    case 'delete':
      return leavingNote(cluster, write, annotations);
  }
}

/**
 * The note is a write of its own: as part of the other it would be a field that its manager owns, and a conflict for who
 * applies next. What changes nothing leaves none, nor does what only lets go of an object that is being deleted.
 */
async function withNote(
  cluster: Cluster,
  write: Write,
  { kind, namespace, name }: ObjectKey,
  annotations: Annotations,
): Promise<readonly Write[]> {
  const key = { kind, name, ...(namespace !== undefined && { namespace }) };
  const live = await findObject(cluster, key);
  if (live?.metadata.deletionTimestamp !== undefined) return [write];
  const [wanted] = live === undefined ? [] : await cluster.write([write], { dryRun: true });
  if (live !== undefined && sameJson(live as unknown as Json, wanted as unknown as Json)) return [write];
  return [write, { op: 'patch', key, patch: { metadata: { annotations } } }];
}

/** Of a deletion somebody will ask only where a repository's commit has the object: it comes after a patch with the note. */
async function leavingNote(
  cluster: Cluster,
  write: Extract<Write, { readonly op: 'delete' }>,
  annotations: Annotations,
): Promise<readonly Write[]> {
  const live = await findObject(cluster, write.key);
  if (live?.metadata.labels?.[LABEL.repository] === undefined) return [write];
  const { uid } = write.if ?? {};
  const note: Write = {
    op: 'patch',
    key: write.key,
    patch: { metadata: { annotations } },
    ...(write.if && { if: write.if }),
  };
  return [note, { op: 'delete', key: write.key, ...(uid !== undefined && { if: { uid } }) }];
}

function annotated(object: KubeObject, annotations: Annotations): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}
