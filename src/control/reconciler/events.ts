import { instantText, MAX_EVENT_MESSAGE, sha256, type UnixMs } from '../../base/index.ts';
import { AlreadyExistsError, type Cluster, findObject, type KubeObject, type ObjectKey } from '../../cluster/index.ts';

/** Something that people who look at an object should read, as `kubectl describe` shows it. */
export interface Happening {
  readonly about: ObjectKey & { readonly uid?: string; readonly apiVersion: string };
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

/** A core/v1 Event, as much of it as is written here. */
interface CoreEvent extends KubeObject {
  readonly count?: number;
}

/**
 * Writes an Event of core/v1, or counts on the one that says the same of the same object: so the number of events is
 * bounded by what can be said, and retention takes the old ones.
 */
export async function recordEvent(cluster: Cluster, happening: Happening, now: UnixMs): Promise<void> {
  const event = eventOf(await withUid(cluster, happening), instantText(now));
  const key = { kind: 'Event', namespace: event.metadata.namespace as string, name: event.metadata.name };
  const live = await findObject<CoreEvent>(cluster, key);
  if (live === undefined) {
    try {
      await cluster.write([{ op: 'create', object: event }], { discard: true });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
    }
    return;
  }
  const patch = { count: (live.count ?? 1) + 1, lastTimestamp: instantText(now) };
  await cluster.write([{ op: 'patch', key, patch }], { discard: true });
}

/** kubectl looks for events by the uid of the object that it describes. */
async function withUid(cluster: Cluster, happening: Happening): Promise<Happening> {
  const { kind, namespace, name } = happening.about;
  if (happening.about.uid !== undefined) return happening;
  const key = { kind, name, ...(namespace !== undefined && { namespace }) };
  const uid = (await findObject(cluster, key))?.metadata.uid;
  return uid === undefined ? happening : { ...happening, about: { ...happening.about, uid } };
}

function eventOf({ about, type, reason, message }: Happening, at: string): KubeObject {
  const { kind, namespace = 'default', name, uid, apiVersion } = about;
  const text = message.slice(0, MAX_EVENT_MESSAGE);
  const digest = sha256(`${kind}/${name}/${uid ?? ''}/${reason}/${text}`).slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, MAX_NAMED).replace(/[^a-z0-9]+$/, '')}.${digest}`, namespace },
    involvedObject: { apiVersion, kind, namespace, name, ...(uid !== undefined && { uid }) },
    type,
    reason,
    message: text,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: 'pipectl' },
    reportingComponent: 'pipectl',
  };
}

/** Characters of an object's name in that of its event, which has 253 at most. */
const MAX_NAMED = 200;
