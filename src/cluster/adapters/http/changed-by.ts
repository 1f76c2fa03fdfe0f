import { isJsonObject, type Json } from '../../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  DEFINITION_KINDS,
  findObject,
  type Identity,
  type KubeObject,
  LABEL,
  type MergePatch,
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
        const groups = await Promise.all(
          writes.map(async (write) => ((await isAsked(cluster, write)) ? sign(write, annotations) : [write])),
        );
        const written = await cluster.write(groups.flat(), options);
        // Callers know of their own writes only.
        const ends = groups.map((_, index) => groups.slice(0, index + 1).flat().length - 1);
        return ends.flatMap((end) => written[end] ?? []);
      },
    },
  };
}

/** Whether anybody will ask who it was: of a deletion only where a repository's commit has the object. */
async function isAsked(cluster: Cluster, write: Write): Promise<boolean> {
  if (write.op !== 'delete') return true;
  return (await findObject(cluster, write.key))?.metadata.labels?.[LABEL.repository] !== undefined;
}

/** The write with the note on its object; a deletion comes after a patch that leaves the note. */
function sign(write: Write, annotations: Readonly<Record<string, string>>): readonly Write[] {
  switch (write.op) {
    case 'create':
    case 'update':
    case 'apply':
      return [{ ...write, object: annotated(write.object, annotations) }];
    case 'createAlike':
      return [{ op: 'create', object: annotated(wholeObject(write.like), annotations) }];
    case 'patch':
      return [{ ...write, patch: annotatedPatch(write.patch, annotations) }];
    case 'patchStatus':
      return [write];
    case 'delete': {
      const { uid } = write.if ?? {};
      const note: Write = {
        op: 'patch',
        key: write.key,
        patch: { metadata: { annotations } },
        ...(write.if && { if: write.if }),
      };
      return [note, { op: 'delete', key: write.key, ...(uid !== undefined && { if: { uid } }) }];
    }
  }
}

function annotated(object: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}

function annotatedPatch(patch: MergePatch, annotations: Readonly<Record<string, Json>>): MergePatch {
  const metadata = isJsonObject(patch.metadata) ? patch.metadata : {};
  const given = isJsonObject(metadata.annotations) ? metadata.annotations : {};
  return { ...patch, metadata: { ...metadata, annotations: { ...given, ...annotations } } };
}
