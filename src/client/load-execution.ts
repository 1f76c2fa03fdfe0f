import { BugError, type Digest, MAX_WRITTEN_SHOWN } from '../base/index.ts';
import { type Cluster, type Execution, loadClosureText, NotFoundError } from '../cluster/index.ts';
import type { WorkflowClosure } from '../compiler/index.ts';

/**
 * The workflow closure of this digest, or undefined when the control plane no longer has it or holds it damaged:
 * an execution is worth showing without.
 */
export async function loadWorkflowClosure(cluster: Cluster, digest: Digest): Promise<WorkflowClosure | undefined> {
  try {
    const closure = JSON.parse(await loadClosureText(cluster, digest)) as WorkflowClosure;
    return closure.kind === 'Workflow' ? closure : undefined;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof BugError) return undefined;
    throw error;
  }
}

/** What tasks of dynamic nodes wrote for an execution, by digest. What is past reading is left out, as is what is too much to read. */
export async function loadWrittenWorkflows(
  cluster: Cluster,
  { status }: Execution,
): Promise<ReadonlyMap<Digest, WorkflowClosure>> {
  const digests = new Set(Object.values(status?.nodes ?? {}).flatMap(({ closure }) => closure ?? []));
  const asked = [...digests].slice(0, MAX_WRITTEN_SHOWN);
  const loaded = await Promise.all(asked.map((digest) => loadWorkflowClosure(cluster, digest)));
  return new Map(asked.flatMap((digest, at) => (loaded[at] === undefined ? [] : [[digest, loaded[at]] as const])));
}
