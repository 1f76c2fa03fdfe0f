import type { DefinitionOf } from '../../language/index.ts';
import type { LaunchPlanClosure, NodeClosure, WorkflowClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';
import type { Workspace } from '../workspace.ts';

/** Warns of notifications about approvals where nothing is ever approved. */
export function lintNotifications(
  tell: Tell,
  workspace: Workspace,
  definition: DefinitionOf<'Workflow' | 'LaunchPlan'>,
  closure: WorkflowClosure | LaunchPlanClosure,
): void {
  const given = definition.spec.notifications ?? [];
  if (!given.some(({ on }) => on.includes('WaitingForApproval'))) return;
  const workflow = closure.kind === 'Workflow' ? closure : workflowOf(workspace, closure);
  if (workflow === undefined || mayAsk(workflow)) return;
  given.forEach(({ on }, at) => {
    if (!on.includes('WaitingForApproval')) return;
    const message = `no node of workflow "${workflow.name}" waits for an approval`;
    const place = definition.placeOf(['spec', 'notifications', at, 'on']);
    tell('PIPE-NOTIFY-002', message, place, { help: 'take WaitingForApproval away, or add an approve node' });
  });
}

function workflowOf(workspace: Workspace, { workflow }: LaunchPlanClosure): WorkflowClosure | undefined {
  const compiled = workspace.compileEntity('Workflow', workflow.name);
  if (compiled.kind !== 'ok' || compiled.compilation.closure.kind !== 'Workflow') return undefined;
  return compiled.compilation.closure;
}

/** Whether a node of it, or of what it runs inline, waits for an approval; of a dynamic node nobody knows. */
function mayAsk({ nodes, workflows = {} }: WorkflowClosure): boolean {
  return [nodes, ...Object.values(workflows).map((inner) => inner.nodes)].some((its) => its.some(isAsking));
}

function isAsking(node: NodeClosure): boolean {
  if (node.kind !== 'switch') return node.kind === 'approve' || node.kind === 'dynamic';
  const actions = [...node.branches.map(({ action }) => action), ...(node.else === undefined ? [] : [node.else])];
  return actions.some(({ kind }) => kind === 'approve' || kind === 'dynamic');
}
