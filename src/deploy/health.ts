import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type { ManifestServer } from './apply.ts';
import { type Manifest, manifestPath } from './manifest.ts';

/** Why an object is not ready yet; undefined: it is, or there is nothing to wait for. */
export async function unreadyReason(
  server: Pick<ManifestServer, 'read'>,
  manifest: Manifest,
): Promise<string | undefined> {
  if (manifest.kind !== 'CustomResourceDefinition' && manifest.kind !== 'Deployment') return undefined;
  const live = await server.read(manifestPath(manifest));
  if (live === undefined) return 'is not there';
  if (manifest.kind === 'CustomResourceDefinition') return definitionReason(live);
  return (await deploymentReason(server, live)) ?? undefined;
}

function definitionReason(live: JsonObject): string | undefined {
  const established = condition(live, 'Established');
  if (established?.status === 'True') return undefined;
  const refused = condition(live, 'NamesAccepted');
  return String(refused?.status === 'False' ? refused.message : (established?.message ?? 'is not served yet'));
}

async function deploymentReason(server: Pick<ManifestServer, 'read'>, live: JsonObject): Promise<string | undefined> {
  const { spec, metadata } = live as { spec: { replicas?: number }; metadata: JsonObject };
  const status = isJsonObject(live.status) ? live.status : {};
  const wanted = spec.replicas ?? 1;
  const isSeen = Number(status.observedGeneration ?? 0) >= Number(metadata.generation ?? 0);
  const count = (field: string): number => Number(status[field] ?? 0);
  if (
    isSeen &&
    count('updatedReplicas') === wanted &&
    count('availableReplicas') === wanted &&
    count('replicas') === wanted
  ) {
    return undefined;
  }
  const ready = `${count('availableReplicas')} of ${wanted} replicas are available`;
  const why = await podTrouble(server, live);
  return why === undefined ? ready : `${ready}; ${why}`;
}

/** What the first pod in trouble says of it. */
async function podTrouble(server: Pick<ManifestServer, 'read'>, deployment: JsonObject): Promise<string | undefined> {
  const { metadata, spec } = deployment as { metadata: JsonObject; spec: { selector: { matchLabels: JsonObject } } };
  const selector = Object.entries(spec.selector.matchLabels)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',');
  const path = `/api/v1/namespaces/${String(metadata.namespace)}/pods?labelSelector=${encodeURIComponent(selector)}&limit=20`;
  const items = (await server.read(path))?.items;
  const said = (Array.isArray(items) ? items : []).map(podReason).find((reason) => reason !== undefined);
  if (said !== undefined) return said;
  const failure = condition(deployment, 'ReplicaFailure') ?? condition(deployment, 'Progressing');
  return failure?.status === 'False' || failure?.type === 'ReplicaFailure' ? String(failure.message) : undefined;
}

function podReason(pod: Json): string | undefined {
  if (!isJsonObject(pod) || !isJsonObject(pod.status)) return undefined;
  const { name } = pod.metadata as JsonObject;
  const statuses = Array.isArray(pod.status.containerStatuses) ? pod.status.containerStatuses : [];
  for (const container of statuses) {
    const state = isJsonObject(container) && isJsonObject(container.state) ? container.state : {};
    const waiting = state.waiting;
    if (isJsonObject(waiting) && waiting.reason !== 'ContainerCreating') {
      return `pod ${String(name)}: ${String(waiting.reason)}${waiting.message === undefined ? '' : `: ${String(waiting.message)}`}`;
    }
  }
  const scheduled = condition(pod, 'PodScheduled');
  return scheduled?.status === 'False' ? `pod ${String(name)}: ${String(scheduled.message)}` : undefined;
}

function condition(object: JsonObject, type: string): JsonObject | undefined {
  const conditions = isJsonObject(object.status) ? object.status.conditions : undefined;
  return Array.isArray(conditions) ? conditions.filter(isJsonObject).find((each) => each.type === type) : undefined;
}
