import type { Template, TemplateSyntax } from '../language/expression/index.ts';
import { acceptsNull, didYouMean, type Path, printType, type Type } from '../language/index.ts';
import { type ActionDraft, type Drafts, overPath, valuesPath } from './node-draft.ts';
import { recordOf } from './record.ts';
import type { Callee } from './targets.ts';
import { type Typing, typeAt } from './typing.ts';
import type { WorkflowContext } from './workflow-context.ts';

export type Templates = ReadonlyMap<string, Template>;

/** Types the values that an action gives to all inputs of its callee; undefined when one is wrong or missing. */
export function typeWith(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
  callee: Callee,
): Readonly<Record<string, Template>> | undefined {
  const values = typeInputs(context, typing, draft.values, valuesPath(draft), callee, (type) => type);
  const isComplete = checkComplete(context, draft, callee, [draft.values]);
  return values === undefined || !isComplete ? undefined : withNulls(values, callee, [draft.values]);
}

/** Types values given to a callee's inputs, each as `wanted` makes of the input's type; undefined when one is wrong. */
export function typeInputs(
  context: WorkflowContext,
  typing: Typing,
  drafts: Iterable<readonly [string, TemplateSyntax]>,
  path: Path,
  callee: Callee,
  wanted: (input: Type) => Type,
): Templates | undefined {
  const templates = new Map<string, Template>();
  let isRight = true;
  for (const [name, syntax] of drafts) {
    const input = callee.inputs.get(name);
    if (input === undefined) {
      const known = [...callee.inputs.keys()];
      const help =
        didYouMean(name, known) ?? (known.length === 0 ? 'it has no inputs' : `its inputs are ${known.join(', ')}`);
      const place = context.workflow.placeOfKey([...path, name]);
      context.tell('PIPE-INPUT-002', `${callee.title} has no input "${name}"`, place, { help });
      isRight = false;
      continue;
    }
    const typed = typeAt(context, typing, syntax, wanted(input), [...path, name]);
    if (typed === undefined) isRight = false;
    else templates.set(name, typed.template);
  }
  return isRight ? templates : undefined;
}

/** Every input without a default that cannot be null must be given. */
export function checkComplete(
  context: WorkflowContext,
  { action, path }: ActionDraft,
  callee: Callee,
  given: readonly Drafts[],
): boolean {
  let isComplete = true;
  for (const [name, type] of callee.inputs) {
    if (given.some((drafts) => drafts.has(name)) || !isOpen(callee, name) || acceptsNull(type)) continue;
    isComplete = false;
    const message = `${callee.title} wants the input "${name}" (${printType(type)}), and ${callerTitle(path)} does not give it`;
    const help = action.kind === 'map' ? `add it under "over", as a list, or under "with"` : 'add it under "with"';
    context.tell('PIPE-INPUT-001', message, context.workflow.placeOfKey(path), { help });
  }
  return isComplete;
}

/** An input is a list that is run over, or the same for all: not both. */
export function checkApart({ workflow, tell }: WorkflowContext, draft: ActionDraft): boolean {
  const both = [...draft.values.keys()].filter((name) => draft.over.has(name));
  for (const name of both) {
    const related = [{ message: 'given here', ...workflow.placeOfKey([...overPath(draft), name]) }];
    const place = workflow.placeOfKey([...valuesPath(draft), name]);
    tell('PIPE-INPUT-004', `the input "${name}" is given twice: under "over" and under "with"`, place, { related });
  }
  return both.length === 0;
}

/** An input that may be null and is not given is null; one with a default gets it when the callee starts. */
export function withNulls(
  values: Templates,
  callee: Callee,
  given: readonly Drafts[],
): Readonly<Record<string, Template>> {
  const all = new Map(values);
  for (const [name, type] of callee.inputs) {
    const isGiven = given.some((drafts) => drafts.has(name));
    if (!isGiven && isOpen(callee, name) && acceptsNull(type)) all.set(name, { kind: 'literal', value: null });
  }
  return recordOf(all);
}

/** Whether nothing but the caller gives the input a value. */
function isOpen({ parameters }: Callee, name: string): boolean {
  return parameters[name]?.default === undefined;
}

function callerTitle(path: Path): string {
  if (path[1] === 'onFailure') return 'the failure handler';
  return path.length === 3 ? `node "${path[2]}"` : `this branch of node "${path[2]}"`;
}
