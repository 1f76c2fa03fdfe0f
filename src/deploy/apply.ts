import type { JsonObject } from '../base/index.ts';
import { FieldConflictError, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import type { CustomResourceDefinition } from './crd.ts';
import { type Manifest, manifestName, manifestPath } from './manifest.ts';

/** The API server, as much of it as installing needs. Errors are those of the cluster port. */
export interface ManifestServer {
  read(path: string): Promise<JsonObject | undefined>;
  apply(
    path: string,
    object: object,
    options: { readonly fieldManager: string; readonly force: boolean; readonly dryRun: boolean },
  ): Promise<JsonObject>;
  release(path: string): Promise<void>;
  remove(path: string): Promise<boolean>;
}

export type Outcome = 'created' | 'configured' | 'unchanged';

export interface ApplyOptions {
  readonly dryRun: boolean;
  /** Takes fields that somebody else has changed. */
  readonly force: boolean;
  readonly done: (manifest: Manifest, outcome: Outcome) => void;
}

export const FIELD_MANAGER = 'pipectl-install';

/** The first minor version of Kubernetes 1 whose definitions of kinds have selectable fields without a feature gate. */
const SELECTABLE_SINCE = 31;

/** Applies the manifests in their order, each by server-side apply. Stops at the first refusal; applying again goes on. */
export async function applyManifests(
  server: ManifestServer,
  manifests: readonly Manifest[],
  { dryRun, force, done }: ApplyOptions,
): Promise<void> {
  const minor = await minorVersion(server);
  const missing = new Set<string>();
  for (const manifest of manifests) {
    const path = manifestPath(manifest);
    const before = await server.read(path);
    if (before === undefined && manifest.kind === 'Namespace') missing.add(manifest.metadata.name);
    // A dry run cannot put anything into a namespace that it did not make.
    const isOutOfReach = dryRun && missing.has(manifest.metadata.namespace ?? '');
    const after = isOutOfReach
      ? undefined
      : await server
          .apply(path, forVersion(manifest, minor), { fieldManager: FIELD_MANAGER, force, dryRun })
          .catch(named(manifest));
    done(manifest, outcomeOf(before, after));
  }
}

/** The server names fields and managers only. */
function named(manifest: Manifest): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof FieldConflictError)) throw error;
    throw new FieldConflictError(error.causes, `${manifestName(manifest)}: ${error.message}`);
  };
}

function outcomeOf(before: JsonObject | undefined, after: JsonObject | undefined): Outcome {
  if (before === undefined) return 'created';
  // A dry run keeps the version, so what changes is looked for in what is said of generations and owners.
  return sameObject(before, after) ? 'unchanged' : 'configured';
}

function sameObject(before: JsonObject, after: JsonObject | undefined): boolean {
  return JSON.stringify(withoutTimes(before)) === JSON.stringify(withoutTimes(after ?? {}));
}

function withoutTimes({ metadata, status: _, ...rest }: JsonObject): JsonObject {
  const { managedFields: __, resourceVersion: ___, generation: ____, ...kept } = metadata as JsonObject;
  return { ...rest, metadata: kept };
}

/** The minor version of the server, 1.x. Clusters of providers write `31+`. */
export async function minorVersion(server: Pick<ManifestServer, 'read'>): Promise<number> {
  const version = await server.read('/version');
  return Number.parseInt(String(version?.minor ?? ''), 10);
}

/** The manifest as a server of this version takes it: strict servers refuse fields that they do not know. */
export function forVersion(manifest: Manifest, minor: number): Manifest {
  if (manifest.kind !== 'CustomResourceDefinition' || !(minor < SELECTABLE_SINCE)) return manifest;
  const { spec, ...definition } = manifest as unknown as CustomResourceDefinition;
  const versions = spec.versions.map(({ selectableFields: _, ...version }) => version);
  return { ...definition, spec: { ...spec, versions } };
}

/** The namespace of an installation; undefined where nobody has installed anything. */
export function findInstallation(server: Pick<ManifestServer, 'read'>): Promise<JsonObject | undefined> {
  return server.read(`/api/v1/namespaces/${SYSTEM_NAMESPACE}`);
}
