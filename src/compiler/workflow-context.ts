import type { DefinitionOf } from '../language/index.ts';
import type { Tell } from './findings.ts';
import { tellTo, type Workspace } from './workspace.ts';

export type Workflow = DefinitionOf<'Workflow'>;

/** What the parts of one workflow's compilation share. */
export interface WorkflowContext {
  readonly workspace: Workspace;
  readonly workflow: Workflow;
  /** Tells a finding and remembers that the workflow does not compile. */
  readonly tell: Tell;
  /** Remembers it when the fault was told elsewhere, for example in a task of its own file. */
  readonly fault: () => void;
  readonly hasFaults: () => boolean;
}

export function workflowContext(workspace: Workspace, workflow: Workflow): WorkflowContext {
  const tell = tellTo(workspace);
  let faults = 0;
  return {
    workspace,
    workflow,
    tell: (...finding) => {
      faults += 1;
      tell(...finding);
    },
    fault: () => {
      faults += 1;
    },
    hasFaults: () => faults > 0,
  };
}
