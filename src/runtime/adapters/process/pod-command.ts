import { dirname } from 'node:path';
import { type BlobRefs, DEFAULT_GRACE_MS, MAX_GRACE_MS, parseBlobRefs } from '../../../base/index.ts';
import { ANNOTATION, type Container, type Pod } from '../../../cluster/index.ts';
import { parseQuantity } from '../../../language/index.ts';
import { attemptMark } from './attempt-mark.ts';
import type { SecretVariable } from './attempt-secrets.ts';

/** What a pod asks of this runtime. */
export interface PodCommand {
  readonly argv: readonly string[];
  /** `NAME=value`, less what the spawner adds. */
  readonly env: readonly string[];
  /** To be looked up when it starts. */
  readonly secrets: readonly SecretVariable[];
  readonly inputs: string;
  /** To be read from the object store when it starts. */
  readonly storedInputs?: BlobRefs;
  /** What has no room in the pod of its outputs goes to the object store. */
  readonly keepsLargeOutputs: boolean;
  readonly source?: { readonly repository: string; readonly tree: string };
  readonly memoryBytes?: number;
  readonly graceMs: number;
}

/** Folders of programs, as login shells of Debian and Alpine have them; before them the one of the running Node. */
const PATH = `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

/** What an attempt's private folders decide: a pod cannot set them. */
const OURS: ReadonlySet<string> = new Set(['HOME', 'TMPDIR', 'PIPECTL_INPUTS', 'PIPECTL_OUTPUTS', 'PIPECTL_POD_UID']);

/** Reads a pod. Nothing of the host's environment is in the result but the folders of programs. */
export function podCommand(pod: Pod, uid: string): PodCommand {
  const container = pod.spec.containers[0] as Container;
  const annotations = pod.metadata.annotations ?? {};
  const tree = annotations[ANNOTATION.sourceTree];
  const repository = annotations[ANNOTATION.repository];
  const stored = annotations[ANNOTATION.storedInputs];
  const limit = container.resources?.limits?.memory;
  const memoryBytes = limit === undefined ? undefined : parseQuantity(limit);
  return {
    argv: container.command,
    env: [...environment(container), attemptMark(uid)],
    secrets: secretVariables(container),
    inputs: annotations[ANNOTATION.inputs] ?? '{}',
    ...(stored !== undefined && { storedInputs: parseBlobRefs(stored) ?? {} }),
    keepsLargeOutputs: annotations[ANNOTATION.outputTypes] !== undefined,
    ...(tree !== undefined && { source: { repository: repository ?? '', tree } }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    graceMs: graceMs(pod),
  };
}

function environment(container: Container): readonly string[] {
  const values = new Map<string, string>([
    ['PATH', PATH],
    ['LANG', 'C.UTF-8'],
  ]);
  for (const variable of container.env ?? []) {
    if ('value' in variable && !OURS.has(variable.name)) values.set(variable.name, variable.value);
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}

/** A name that is written out as well is one of the engine's own, which win. */
function secretVariables(container: Container): readonly SecretVariable[] {
  const env = container.env ?? [];
  const written = new Set(env.flatMap((variable) => ('value' in variable ? [variable.name] : [])));
  return env.flatMap((variable) =>
    'valueFrom' in variable &&
    'secretKeyRef' in variable.valueFrom &&
    !OURS.has(variable.name) &&
    !written.has(variable.name)
      ? [{ name: variable.name, ref: variable.valueFrom.secretKeyRef }]
      : [],
  );
}

function graceMs(pod: Pod): number {
  const seconds = pod.spec.terminationGracePeriodSeconds;
  return seconds === undefined ? DEFAULT_GRACE_MS : Math.min(Math.max(seconds, 0) * 1000, MAX_GRACE_MS);
}
