import { type Template, type TypedTemplate, templateReferences } from '../language/expression/index.ts';
import { INTEGER, listOf, type MapSpec, optionalOf, type Path, printType, type Type } from '../language/index.ts';
import { checkApart, checkComplete, typeInputs, withNulls } from './action-inputs.ts';
import type { ComputeMapAction, MapAction } from './closure.ts';
import { type ActionDraft, overPath, singlePath, valuesPath } from './node-draft.ts';
import { type Open, present, recordOf } from './record.ts';
import type { Callee, Target } from './targets.ts';
import { recordType, type Typing, typeAt, within } from './typing.ts';
import type { WorkflowContext } from './workflow-context.ts';

type OutputTypes = ReadonlyMap<string, Type>;

/** Outputs of a map: lists of its subtasks'. Those of failed ones are null: there are some when not all must succeed. */
export function listsOf(outputs: OutputTypes, { minSuccessRatio = 1, minSuccesses }: MapSpec): OutputTypes {
  const mayFail = minSuccessRatio < 1 || minSuccesses !== undefined;
  return new Map([...outputs].map(([name, type]) => [name, listOf(mayFail ? optionalOf(type) : type)] as const));
}

/** Types the lists and inputs of a map over a task. */
export function compileMap(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
  target: Target,
  outputs: Readonly<Record<string, string>>,
): MapAction | undefined {
  const { action, single } = draft;
  if (action.kind !== 'map' || target.kind !== 'task') return undefined;
  const { callee } = target;
  const over = typeInputs(context, typing, draft.over, overPath(draft), callee, listOf);
  const items = single && typeList(context, typing, single, singlePath(draft));
  const inside = within(typing, { variables: { item: items?.element ?? itemRecord(draft, callee), index: INTEGER } });
  const isEach = ([name]: readonly [string, unknown]): boolean => readsItem(draft, name);
  const drafts = [...draft.values];
  const shared = drafts.filter((entry) => !isEach(entry));
  const values = typeInputs(context, typing, shared, valuesPath(draft), callee, (type) => type);
  // Without the type of its elements nothing that reads them can be typed.
  const readers = single !== undefined && items === undefined ? [] : drafts.filter(isEach);
  const each = typeInputs(context, inside, readers, valuesPath(draft), callee, (type) => type);
  const given = [draft.over, draft.values];
  const isComplete = checkComplete(context, draft, callee, given);
  const isApart = checkApart(context, draft);
  if (over === undefined || values === undefined || each === undefined || !isComplete || !isApart) return undefined;
  if (single !== undefined && items === undefined) return undefined;
  const { concurrency, batch, minSuccessRatio, minSuccesses } = action.map;
  const compiled = { kind: 'map', outputs, task: target.digest, over: recordOf(over) } as Open<MapAction>;
  if (items !== undefined) compiled.items = items.template;
  compiled.with = withNulls(values, callee, given);
  if (each.size > 0) compiled.each = recordOf(each);
  if (concurrency !== undefined) compiled.concurrency = concurrency;
  if (batch !== undefined) compiled.batch = batch;
  if (minSuccesses !== undefined) compiled.minSuccesses = minSuccesses;
  compiled.minSuccessRatio = minSuccessRatio ?? 1;
  return compiled;
}

/** Types the lists and values of a map that computes; undefined when something is wrong. */
export function compileComputeMap(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
): { readonly action: Omit<ComputeMapAction, 'outputs'>; readonly outputs: OutputTypes } | undefined {
  const { action, single } = draft;
  if (action.kind !== 'map') return undefined;
  const items = single && typeList(context, typing, single, singlePath(draft));
  const over = new Map<string, Items>();
  for (const [name, syntax] of draft.over) {
    const list = typeList(context, typing, syntax, [...overPath(draft), name]);
    if (list !== undefined) over.set(name, list);
  }
  // Without the type of its elements nothing that reads them can be typed.
  if (over.size < draft.over.size || (single !== undefined && items === undefined)) return undefined;
  const item = items?.element ?? recordType([...over].map(([name, { element }]) => [name, element] as const));
  const inside = within(typing, { variables: { item, index: INTEGER } });
  const typed = new Map<string, TypedTemplate>();
  for (const [name, syntax] of draft.values) {
    const value = typeAt(context, inside, syntax, undefined, [...valuesPath(draft), name]);
    if (value !== undefined) typed.set(name, value);
  }
  if (typed.size < draft.values.size) return undefined;
  const { minSuccessRatio, minSuccesses } = action.map;
  const outputs = new Map([...typed].map(([name, { type }]) => [name, type] as const));
  return {
    action: {
      kind: 'computeMap',
      over: recordOf([...over].map(([name, { template }]) => [name, template] as const)),
      ...present({ items: items?.template }),
      values: recordOf([...typed].map(([name, { template }]) => [name, template] as const)),
      ...present({ minSuccesses }),
      minSuccessRatio: minSuccessRatio ?? 1,
    },
    outputs: listsOf(outputs, action.map),
  };
}

function readsItem({ values }: ActionDraft, name: string): boolean {
  const syntax = values.get(name);
  if (syntax === undefined) return false;
  const { variables } = templateReferences(syntax);
  return variables.has('item') || variables.has('index');
}

/** `item` of a map over lists by name: a record of their elements. */
function itemRecord({ over }: ActionDraft, { inputs }: Callee): Type {
  const known = [...over.keys()].flatMap((name) => {
    const type = inputs.get(name);
    return type === undefined ? [] : [[name, type] as const];
  });
  return recordType(known);
}

interface Items {
  readonly template: Template;
  readonly element: Type;
}

/** A value that is run over, whose elements tell their own type. */
function typeList(
  context: WorkflowContext,
  typing: Typing,
  syntax: NonNullable<ActionDraft['single']>,
  path: Path,
): Items | undefined {
  const typed = typeAt(context, typing, syntax, undefined, path);
  if (typed === undefined) return undefined;
  const { type, template } = typed;
  if (type.kind === 'list') return { template, element: type.element };
  if (type.kind === 'table') return { template, element: recordType(type.columns) };
  const help = type.kind === 'optional' ? 'it may be null: give it a default, default(…, [])' : undefined;
  context.tell('PIPE-EXPR-004', `a map runs over a list; this is ${printType(type)}`, context.workflow.placeOf(path), {
    help,
  });
  return undefined;
}
