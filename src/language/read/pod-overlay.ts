import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { Path } from '../document.ts';
import { objectOf, type Reader } from './reader.ts';

/** Kinds of volumes that stay inside of the pod's namespace: those of the restricted Pod Security Standard. */
const VOLUMES: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** Fields of a pod that an overlay may set. What is not here pipectl sets, or would take the pod out of its hands. */
const SPEC: ReadonlySet<string> = new Set([
  'affinity',
  'automountServiceAccountToken',
  'containers',
  'dnsConfig',
  'dnsPolicy',
  'enableServiceLinks',
  'hostAliases',
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostUsers',
  'imagePullSecrets',
  'initContainers',
  'nodeSelector',
  'overhead',
  'os',
  'preemptionPolicy',
  'priorityClassName',
  'resourceClaims',
  'resources',
  'runtimeClassName',
  'schedulerName',
  'securityContext',
  'serviceAccountName',
  'setHostnameAsFQDN',
  'shareProcessNamespace',
  'terminationGracePeriodSeconds',
  'tolerations',
  'topologySpreadConstraints',
  'volumes',
]);

/** Of the container that runs the command: what the task says, and how its outputs come back. */
const TASK_FIELDS: readonly string[] = [
  'args',
  'command',
  'image',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'workingDir',
];
const TASK = 'task';

/** Tells what an overlay may not change, and what in it reaches for the host. */
export function checkOverlay(reader: Reader, { metadata, spec }: JsonObject, path: Path): void {
  const at = [...path, 'spec'];
  for (const name of Object.keys(objectOf(metadata))) {
    if (name === 'labels' || name === 'annotations') continue;
    refuse(reader, `an overlay sets labels and annotations; "${name}" is pipectl's`, [...path, 'metadata', name]);
  }
  for (const name of Object.keys(objectOf(spec))) {
    if (!SPEC.has(name)) refuse(reader, `an overlay cannot set "${name}" of a pod`, [...at, name]);
  }
  const { hostIPC, hostNetwork, hostPID, securityContext, containers, initContainers, volumes } = objectOf(spec);
  for (const [name, value] of Object.entries({ hostIPC, hostNetwork, hostPID })) {
    if (value === true) warn(reader, `${name} puts the pod into a namespace of its node`, [...at, name]);
  }
  checkSecurity(reader, securityContext, [...at, 'securityContext']);
  listOf(containers).forEach((container, index) => {
    checkTaskContainer(reader, container, [...at, 'containers', index]);
    checkContainer(reader, container, [...at, 'containers', index]);
  });
  listOf(initContainers).forEach((container, index) => {
    checkContainer(reader, container, [...at, 'initContainers', index]);
  });
  listOf(volumes).forEach((volume, index) => {
    const { name: _, ...source } = volume;
    checkVolumeSource(reader, source, [...at, 'volumes', index]);
  });
}

/** Tells of a volume that reaches out of the pod's namespace. */
export function checkVolumeSource(reader: Reader, source: JsonObject, path: Path): void {
  for (const kind of Object.keys(source)) {
    if (VOLUMES.has(kind)) continue;
    const what = kind === 'hostPath' ? 'mounts a folder of its node' : 'is none that stays in its namespace';
    warn(reader, `a volume of the kind ${kind} ${what}`, [...path, kind]);
  }
  refuseNamespaces(reader, source, path);
}

/** Whatever is named by a namespace is somebody else's. */
function refuseNamespaces(reader: Reader, value: Json, path: Path): void {
  if (Array.isArray(value)) {
    value.forEach((item: Json, index) => {
      refuseNamespaces(reader, item, [...path, index]);
    });
  } else if (isJsonObject(value)) {
    for (const name of Object.keys(value)) {
      if (name === 'namespace') refuse(reader, 'a pod mounts what is in its own namespace', [...path, name]);
      else refuseNamespaces(reader, value[name] as Json, [...path, name]);
    }
  }
}

function checkTaskContainer(reader: Reader, container: JsonObject, path: Path): void {
  if (container.name !== TASK) {
    const help = `name it "${TASK}", which is the one that runs the command; another one belongs to initContainers, with restartPolicy: Always where it is to run beside`;
    refuse(reader, 'a container beside the task would keep the pod from ending', path, help);
    return;
  }
  for (const name of TASK_FIELDS) {
    if (name in container) refuse(reader, `"${name}" of the container is what the task says`, [...path, name]);
  }
}

function checkContainer(reader: Reader, container: JsonObject, path: Path): void {
  checkSecurity(reader, container.securityContext, [...path, 'securityContext']);
  listOf(container.ports).forEach((port, index) => {
    if (typeof port.hostPort === 'number' && port.hostPort !== 0) {
      warn(reader, 'a hostPort is a port of its node', [...path, 'ports', index, 'hostPort']);
    }
  });
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
function checkSecurity(reader: Reader, value: Json | undefined, path: Path): void {
  const context = objectOf(value);
  const { privileged, allowPrivilegeEscalation, runAsNonRoot, runAsUser, procMount } = context;
  const told = (name: string, what: string): void => warn(reader, what, [...path, name]);
  if (privileged === true) told('privileged', 'a privileged container is root on its node');
  if (allowPrivilegeEscalation === true) told('allowPrivilegeEscalation', 'its processes could gain privileges');
  if (runAsNonRoot === false) told('runAsNonRoot', 'its processes could be root');
  if (runAsUser === 0) told('runAsUser', 'user 0 is root');
  if (procMount !== undefined && procMount !== 'Default') told('procMount', 'it would see more of /proc than its own');
  const added = objectOf(context.capabilities).add;
  if (Array.isArray(added) && added.some((capability: Json) => capability !== 'NET_BIND_SERVICE')) {
    warn(reader, 'a container gets no capability but NET_BIND_SERVICE', [...path, 'capabilities', 'add']);
  }
  for (const profile of ['seccompProfile', 'appArmorProfile']) {
    if (objectOf(context[profile]).type === 'Unconfined')
      told(profile, `without ${profile} it may call all of the kernel`);
  }
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function refuse(reader: Reader, message: string, path: Path, help?: string): void {
  reader.tell('PIPE-POD-001', message, path, help === undefined ? {} : { help });
}

function warn(reader: Reader, message: string, path: Path): void {
  const help = 'leave it out; or a project that trusts its authors says `lints: { PIPE-POD-002: off }` in pipectl.yaml';
  reader.tell('PIPE-POD-002', message, path, { help });
}
