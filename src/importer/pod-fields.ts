import type { Json } from '../base/index.ts';
import { parseQuantity } from '../language/index.ts';
import { recordOf } from './cel-text.ts';
import { type Cursor, entries, field, textOf, unread } from './cursor.ts';
import type { Notes } from './notes.ts';

/** What to do about a field that pods have and tasks do not; by the field's name, wherever it stands. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['volumes', 'put the files into the source folder of the task, or read them from storage in the script'],
  ['volumeMounts', 'put the files into the source folder of the task, or read them from storage in the script'],
  ['volumeClaimTemplates', 'pass values by outputs, and large data by its place in storage'],
  ['artifacts', 'pass small values by outputs, and large data by its place in storage'],
  ['artifactRepositoryRef', 'write to storage in the script, and give its place as an output'],
  ['artifactGC', 'let the storage expire what is old'],
  ['sidecars', 'start the service in the script, or run it elsewhere'],
  ['initContainers', 'make it a task of its own, before this one'],
  ['containerSet', 'make each container a task'],
  ['resource', 'write a task that runs kubectl'],
  ['http', 'write a task that runs curl'],
  ['plugin', 'write a task that does the same'],
  ['data', 'write a task that lists the files'],
  ['securityContext', 'who runs a task is set where it runs, not in the definition'],
  ['podSecurityContext', 'who runs a task is set where it runs, not in the definition'],
  ['serviceAccountName', 'who runs a task is set where it runs, not in the definition'],
  ['nodeSelector', 'say what it needs by resources'],
  ['tolerations', 'say what it needs by resources'],
  ['affinity', 'say what it needs by resources'],
  ['podSpecPatch', 'say what it needs by resources'],
  ['podTemplate', 'say what it needs by resources'],
  ['priority', 'give launch plans a priority'],
  ['podPriorityClassName', 'give launch plans a priority'],
  ['synchronization', 'bound executions by concurrency of the launch plan'],
  ['imagePullSecrets', 'give the machine access to the registry'],
  ['imagePullPolicy', 'pin the image by its digest'],
  ['ttlStrategy', 'how long executions are kept is a setting of the control plane'],
  ['podGC', 'pods end with their attempts'],
  ['archiveLogs', 'pipectl logs serves them'],
  ['metrics', 'the control plane has metrics of its own'],
  ['hooks', 'use onFailure of the workflow, or a node that needs this one'],
  ['onExit', 'use onFailure of the workflow, or a node that needs this one'],
  ['continueOn', 'let the command succeed and give what happened as an output'],
  ['onError', 'let the command succeed and give what happened as an output'],
  ['daemon', 'run the service elsewhere'],
  ['memoize', 'set cache on the task'],
  ['parallelism', 'set concurrency of a map, or maxParallelism of a launch plan'],
  ['successfulJobsHistoryLimit', 'how long executions are kept is a setting of the control plane'],
  ['failedJobsHistoryLimit', 'how long executions are kept is a setting of the control plane'],
  ['workspaces', 'pass values by outputs, and large data by its place in storage'],
  ['livenessProbe', 'set timeout.run'],
  ['readinessProbe', 'set timeout.run'],
  ['envFrom', 'let the script read it from where secrets are kept'],
]);

/** Fields that say nothing about what is run. */
const SILENT = new Set(['creationTimestamp', 'resourceVersion', 'uid', 'generation', 'managedFields', 'namespace']);

/** Tells every field below a document that nobody read. */
export function tellUnread(notes: Notes, root: Cursor): void {
  for (const cursor of unread(root)) {
    const names = cursor.path.filter((segment) => typeof segment === 'string');
    const name = names.at(-1) ?? 'document';
    if (names[0] === 'status' || (names[0] === 'metadata' && SILENT.has(name))) continue;
    const known = names.toReversed().find((segment) => INSTEAD.has(segment));
    notes.lost(cursor, {
      construct: name,
      message: `"${name}" has no counterpart`,
      isKey: true,
      instead: INSTEAD.get(name) ?? (known === undefined ? undefined : INSTEAD.get(known)),
    });
  }
}

/** `resources` of a container → those of a task; what is no plain quantity is told. */
export function resourcesOf(notes: Notes, container: Cursor | undefined): Json | undefined {
  const resources = field(container, 'resources');
  const read = (which: 'requests' | 'limits'): Json | undefined => {
    const given = entries(field(resources, which)).flatMap(([name, at]) => {
      const text = textOf(at);
      if (text !== undefined && parseQuantity(text) !== undefined) return [[name, text] as const];
      notes.lost(at, { construct: name, message: 'this is not a plain quantity', instead: 'write the number' });
      return [];
    });
    return given.length === 0 ? undefined : recordOf(given);
  };
  const [requests, limits] = [read('requests'), read('limits')];
  if (requests === undefined && limits === undefined) return undefined;
  return recordOf([
    ['requests', requests],
    ['limits', limits],
  ]);
}
