import { BugError, type Digest } from '../base/index.ts';
import { type Cluster, loadClosureText, NotFoundError } from '../cluster/index.ts';
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
