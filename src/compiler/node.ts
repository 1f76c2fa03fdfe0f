import { joinTypes, presentWhen } from '../language/expression/index.ts';
import { type BranchAction, optionalOf, printType, type Type } from '../language/index.ts';
import { type CompiledAction, compileAction, type OutputTypes, printedTypes } from './action.ts';
import type { BranchClosure, NodeClosure, SwitchAction } from './closure.ts';
import { type BranchDraft, type NodeDraft, nodePath } from './node-draft.ts';
import type { Open } from './record.ts';
import type { Target } from './targets.ts';
import { recordType, type Typing, typeCondition, within } from './typing.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** What a node's place among the others says. */
export interface NodePlace {
  readonly upstream: readonly number[];
  readonly skipsWith: readonly number[];
}

/**
 * Types a node's values and makes its closure; undefined when something is wrong. Its outputs become known to the typing,
 * as optional ones when the node may be skipped.
 */
export function compileNode(
  context: WorkflowContext,
  typing: Typing,
  draft: NodeDraft,
  targets: ReadonlyMap<BranchAction, Target>,
  { upstream, skipsWith }: NodePlace,
): NodeClosure | undefined {
  const path = [...nodePath(draft.node), 'when'];
  const when = draft.when && typeCondition(context, typing, draft.when, path);
  // Where the condition holds, what it has tested is known.
  const guarded = draft.when === undefined ? typing : within(typing, { present: presentWhen(draft.when, true) });
  const made =
    draft.action === undefined
      ? compileSwitch(context, guarded, draft, targets)
      : compileAction(context, guarded, draft.action, targets.get(draft.action.action));
  if (made === undefined) return undefined;
  learn(typing, draft, made.outputs);
  if (draft.when !== undefined && when === undefined) return undefined;
  const node = { id: draft.node.id, upstream } as Open<NodeClosure>;
  if (when !== undefined) node.when = when.template;
  if (skipsWith.length > 0) node.skipsWith = skipsWith;
  Object.assign(node, made.closure);
  node.outputs = printedTypes(readTypes(typing, draft, made.outputs));
  return node as NodeClosure;
}

/** Makes a node's outputs known to those that read them. */
export function learn(typing: Typing, draft: NodeDraft, outputs: OutputTypes): void {
  const { id } = draft.node;
  const skippable = typing.skippable.get(id);
  if (skippable !== undefined) typing.skippable.set(id, { ...skippable, always: recordType(outputs) });
  typing.scope.nodes.set(id, recordType(readTypes(typing, draft, outputs)));
}

function readTypes({ skippable }: Typing, { node }: NodeDraft, outputs: OutputTypes): OutputTypes {
  if (!skippable.has(node.id)) return outputs;
  return new Map([...outputs].map(([name, type]) => [name, optionalOf(type)] as const));
}

interface CompiledSwitch {
  readonly closure: SwitchAction;
  readonly outputs: OutputTypes;
}

function compileSwitch(
  context: WorkflowContext,
  typing: Typing,
  draft: NodeDraft,
  targets: ReadonlyMap<BranchAction, Target>,
): CompiledSwitch | undefined {
  const branches: { when: NonNullable<SwitchAction['branches'][number]['when']>; action: BranchClosure }[] = [];
  const made: (readonly [BranchDraft, CompiledAction])[] = [];
  let otherwise: BranchClosure | undefined;
  for (const branch of draft.branches) {
    const when = branch.when && typeCondition(context, typing, branch.when, branch.whenPath);
    const inside = within(typing, { present: branch.present });
    const compiled = compileAction(context, inside, branch.draft, targets.get(branch.draft.action));
    if (compiled === undefined) continue;
    made.push([branch, compiled]);
    if (branch.when === undefined) otherwise = compiled.closure;
    else if (when !== undefined) branches.push({ when: when.template, action: compiled.closure });
  }
  if (branches.length + (otherwise === undefined ? 0 : 1) < draft.branches.length) return undefined;
  const outputs = joinOutputs(context, draft, made);
  if (outputs === undefined) return undefined;
  const closure: SwitchAction = {
    kind: 'switch',
    branches,
    ...(otherwise === undefined ? {} : { else: otherwise }),
    outputs: printedTypes(outputs),
  };
  return { closure, outputs };
}

/** The outputs of a switch: those of all its branches. One that some branch does not give may be null. */
function joinOutputs(
  { tell, workflow }: WorkflowContext,
  draft: NodeDraft,
  made: readonly (readonly [BranchDraft, CompiledAction])[],
): OutputTypes | undefined {
  // A branch that fails has no outputs, and nobody reads them.
  const giving = made.filter(([, { closure }]) => closure.kind !== 'fail');
  const hasElse = draft.branches.some((branch) => branch.when === undefined);
  const joined = new Map<string, Type>();
  let isRight = true;
  for (const [branch, { outputs }] of giving) {
    for (const [name, type] of outputs) {
      const before = joined.get(name);
      const both = before === undefined ? type : joinTypes(before, type);
      if (both !== undefined) joined.set(name, both);
      else {
        isRight = false;
        const message = `the output "${name}" is ${printType(type)} in this branch and ${printType(before as Type)} in one before`;
        const help =
          'branches whose outputs have one name give them one type; rename one, or convert it in a compute branch';
        tell('PIPE-NODE-006', message, workflow.placeOfKey(branch.draft.path), { help });
      }
    }
  }
  if (!isRight) return undefined;
  const isAlways = (name: string): boolean => hasElse && giving.every(([, { outputs }]) => outputs.has(name));
  return new Map([...joined].map(([name, type]) => [name, isAlways(name) ? type : optionalOf(type)] as const));
}
