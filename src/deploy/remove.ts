import { isJsonObject } from '../base/index.ts';
import type { ManifestServer } from './apply.ts';
import { OWN_GROUP } from './crd.ts';
import { PART_OF } from './labels.ts';
import { type Manifest, manifestPath, RESOURCES } from './manifest.ts';

/** Kinds whose objects go with an installation. What holds data stays until somebody says otherwise. */
const DATA_KINDS: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'Namespace']);

/** What is part of an installation and not one of `manifests`, as the cluster has it. Data is left out. */
export async function leftovers(
  server: Pick<ManifestServer, 'read'>,
  manifests: readonly Manifest[],
): Promise<readonly Manifest[]> {
  const wanted = new Set(manifests.map(manifestPath));
  const selector = Object.entries(PART_OF)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const found: Manifest[] = [];
  for (const [kind, { plural, apiVersion }] of RESOURCES) {
    if (DATA_KINDS.has(kind)) continue;
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = await server.read(`${root}/${plural}?labelSelector=${encodeURIComponent(selector)}`);
    for (const item of Array.isArray(list?.items) ? list.items : []) {
      if (!isJsonObject(item)) continue;
      const manifest = { ...item, apiVersion, kind } as unknown as Manifest;
      if (!wanted.has(manifestPath(manifest))) found.push(manifest);
    }
  }
  return found;
}

/** How many objects of each kind of ours there are; what cannot be read counts as none. */
export async function ownObjects(
  server: Pick<ManifestServer, 'read'>,
  definitions: readonly { readonly spec: { readonly names: { readonly kind: string; readonly plural: string } } }[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { spec } of definitions) {
    const list = await server.read(`/apis/${OWN_GROUP}/v1/${spec.names.plural}?limit=1`);
    if (!Array.isArray(list?.items) || list.items.length === 0) continue;
    const more = isJsonObject(list.metadata) ? Number(list.metadata.remainingItemCount ?? 0) : 0;
    counts.set(spec.names.kind, list.items.length + more);
  }
  return counts;
}

/**
 * Lets go of all repositories, whose finalizer waits for a controller that is gone: it would keep their kind from being
 * removed for ever.
 */
export async function releaseRepositories(server: Pick<ManifestServer, 'read' | 'release'>): Promise<void> {
  const list = await server.read(`/apis/${OWN_GROUP}/v1/repositories`);
  for (const item of Array.isArray(list?.items) ? list.items : []) {
    const { namespace, name } = (item as { metadata: { namespace: string; name: string } }).metadata;
    await server.release(`/apis/${OWN_GROUP}/v1/namespaces/${namespace}/repositories/${name}`);
  }
}
