import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { Path, PodSettings, VolumeSpec } from '../document.ts';
import { checkOverlay, checkVolumeSource } from './pod-overlay.ts';
import { objectOf, present, type Reader, textOf, textsOf } from './reader.ts';
import { texts } from './texts.ts';

const POD: Path = ['spec', 'pod'];
/** Names and places that every pod has already. */
const OWN_VOLUMES: ReadonlySet<string> = new Set(['inputs', 'scratch', 'source', 'work']);
const OWN_PLACES: readonly string[] = ['/pipectl', '/tmp', '/dev/termination-log'];

/** Reads where and with what a task's pod runs; undefined when the task does not say. */
export function readPod(reader: Reader, value: Json | undefined): PodSettings | undefined {
  if (!isJsonObject(value)) return undefined;
  refuseExpressions(reader, value, POD);
  const { affinity, tolerations, volumes, overlay, imagePullSecrets } = value;
  if (isJsonObject(overlay)) checkOverlay(reader, overlay, [...POD, 'overlay']);
  return present<PodSettings>({
    nodeSelector: isJsonObject(value.nodeSelector) ? texts(value.nodeSelector) : undefined,
    affinity: isJsonObject(affinity) ? affinity : undefined,
    tolerations: Array.isArray(tolerations) ? tolerations.filter(isJsonObject) : undefined,
    priorityClass: textOf(value.priorityClass),
    runtimeClass: textOf(value.runtimeClass),
    serviceAccount: textOf(value.serviceAccount),
    imagePullSecrets: Array.isArray(imagePullSecrets) ? textsOf(imagePullSecrets) : undefined,
    volumes: Array.isArray(volumes) ? readVolumes(reader, volumes.map(objectOf)) : undefined,
    overlay: isJsonObject(overlay) ? overlay : undefined,
  });
}

function readVolumes(reader: Reader, volumes: readonly JsonObject[]): readonly VolumeSpec[] {
  const names = new Set<string>();
  return volumes.map((volume, index) => {
    const path = [...POD, 'volumes', index];
    const name = textOf(volume.name) ?? '';
    const mountPath = textOf(volume.mountPath) ?? '';
    const source = objectOf(volume.source);
    if (OWN_VOLUMES.has(name)) {
      reader.tell('PIPE-POD-001', `every pod has a volume "${name}" of pipectl's own`, [...path, 'name'], {
        help: 'give this one another name',
      });
    } else if (names.has(name)) {
      reader.tell('PIPE-POD-001', `there are two volumes named "${name}"`, [...path, 'name']);
    }
    names.add(name);
    const own = OWN_PLACES.find((place) => mountPath === place || mountPath.startsWith(`${place}/`));
    if (own !== undefined || mountPath === '/') {
      const message = `a volume at ${mountPath} would hide what pipectl gives the task${own === undefined ? '' : ` at ${own}`}`;
      reader.tell('PIPE-POD-001', message, [...path, 'mountPath'], { help: 'mount it elsewhere' });
    }
    checkVolumeSource(reader, source, [...path, 'source']);
    return present<VolumeSpec>({
      name,
      mountPath,
      subPath: textOf(volume.subPath),
      readOnly: volume.readOnly === true ? true : undefined,
      source,
    });
  });
}

function refuseExpressions(reader: Reader, value: Json, path: Path): void {
  if (typeof value === 'string') {
    if (!value.includes('${{')) return;
    const help = 'inputs reach the command by its environment and the file $PIPECTL_INPUTS';
    reader.tell('PIPE-POD-001', 'a pod is the same for all executions: expressions cannot stand here', path, { help });
  } else if (Array.isArray(value)) {
    value.forEach((item: Json, index) => {
      refuseExpressions(reader, item, [...path, index]);
    });
  } else if (isJsonObject(value)) {
    for (const name of Object.keys(value)) refuseExpressions(reader, value[name] as Json, [...path, name]);
  }
}
