import { isJsonObject } from '../base/index.ts';
import { ANNOTATION, type MergePatch, type Repository } from '../cluster/index.ts';

/** Who suspended a repository, when and why. */
export interface Suspension {
  readonly by?: string;
  /** RFC 3339. */
  readonly at?: string;
  readonly reason?: string;
}

/** The patch that suspends a repository, or with nothing lets it go on. */
export function suspensionPatch(suspension: Suspension | undefined): MergePatch {
  return {
    metadata: {
      annotations: { [ANNOTATION.suspension]: suspension === undefined ? null : JSON.stringify(suspension) },
    },
    spec: { suspended: suspension === undefined ? null : true },
  };
}

/** Of a suspended repository, as far as it is known: anybody may set `spec.suspended` by hand. */
export function suspensionOf({ metadata, spec }: Repository): Suspension | undefined {
  if (spec.suspended !== true) return undefined;
  return readSuspension(metadata.annotations?.[ANNOTATION.suspension]);
}

/** What an annotation tells of a suspension: as much as can be read of it, since anybody may write one. */
export function readSuspension(annotation: string | undefined): Suspension {
  let noted: unknown;
  try {
    noted = JSON.parse(annotation ?? '{}');
  } catch {
    return {};
  }
  if (!isJsonObject(noted)) return {};
  const { by, at, reason } = noted;
  return {
    ...(typeof by === 'string' && { by }),
    ...(typeof at === 'string' && { at }),
    ...(typeof reason === 'string' && { reason }),
  };
}
