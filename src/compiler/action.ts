import { type Template, type TypedTemplate, templateReferences } from '../language/expression/index.ts';
import {
  type BranchAction,
  DATETIME,
  DURATION,
  INTEGER,
  listOf,
  optionalOf,
  printType,
  STRING,
  type Type,
} from '../language/index.ts';
import { checkApart, checkComplete, typeInputs, typeWith, withNulls } from './action-inputs.ts';
import type { BranchClosure, MapAction } from './closure.ts';
import { DEFAULT_RETRIES } from './defaults.ts';
import { type ActionDraft, overPath, singlePath, valuesPath } from './node-draft.ts';
import { recordOf } from './record.ts';
import type { Callee, Target } from './targets.ts';
import { mergeRetries, mergeTimeout } from './task.ts';
import { recordType, type Typing, typeAt, within } from './typing.ts';
import type { WorkflowContext } from './workflow-context.ts';

export type OutputTypes = ReadonlyMap<string, Type>;

/** An action's closure and the types of its outputs. */
export interface CompiledAction {
  readonly closure: BranchClosure;
  readonly outputs: OutputTypes;
}

const NO_OUTPUTS: OutputTypes = new Map();

/** What an approval leaves: who, what they said, when. After its default has held, nobody and nothing. */
const APPROVE_OUTPUTS: OutputTypes = new Map<string, Type>([
  ['by', optionalOf(STRING)],
  ['comment', optionalOf(STRING)],
  ['at', DATETIME],
]);

/** The outputs that an action declares without its expressions being typed; undefined when those or its target tell them. */
export function declaredOutputs(action: BranchAction, target: Target | undefined): OutputTypes | undefined {
  switch (action.kind) {
    case 'task':
    case 'workflow':
    case 'launchPlan':
    case 'dynamic':
      return target?.callee.outputs;
    case 'map':
      return target === undefined ? undefined : listsOf(target.callee.outputs, action.map.minSuccessRatio ?? 1);
    case 'approve':
      return APPROVE_OUTPUTS;
    case 'signal':
      return new Map([['value', action.signal.type]]);
    case 'sleep':
    case 'fail':
      return NO_OUTPUTS;
    case 'compute':
      return undefined;
  }
}

/** Outputs of failed subtasks are null: there are some when not all must succeed. */
function listsOf(outputs: OutputTypes, minSuccessRatio: number): OutputTypes {
  const element = (type: Type): Type => (minSuccessRatio < 1 ? optionalOf(type) : type);
  return new Map([...outputs].map(([name, type]) => [name, listOf(element(type))] as const));
}

/** Types an action's values and makes its closure; undefined when something is wrong. */
export function compileAction(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
  target: Target | undefined,
): CompiledAction | undefined {
  const { action } = draft;
  if (action.kind === 'compute') return compileCompute(context, typing, draft);
  const outputs = declaredOutputs(action, target);
  const closure = outputs && closureOf(context, typing, draft, target, printedTypes(outputs));
  return outputs === undefined || closure === undefined ? undefined : { closure, outputs };
}

/** Types as closures hold them. */
export function printedTypes(types: OutputTypes): Readonly<Record<string, string>> {
  return recordOf([...types].map(([name, type]) => [name, printType(type)] as const));
}

function closureOf(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
  target: Target | undefined,
  outputs: Readonly<Record<string, string>>,
): BranchClosure | undefined {
  const { action } = draft;
  if (target !== undefined && action.kind === 'map') return compileMap(context, typing, draft, target, outputs);
  if (target !== undefined) return compileCall(context, typing, draft, target, outputs);
  const single = draft.single && typeAt(context, typing, draft.single, singleType(action), singlePath(draft));
  if (draft.single !== undefined && single === undefined) return undefined;
  const template = single?.template;
  switch (action.kind) {
    case 'approve': {
      const { timeoutMs, default: decision } = action.approve;
      const rest = { ...present({ timeoutMs, default: decision }), outputs };
      return template && { kind: 'approve', message: template, ...rest };
    }
    case 'signal': {
      const { timeoutMs, default: value } = action.signal;
      return { kind: 'signal', ...present({ message: template, timeoutMs, default: value }), outputs };
    }
    case 'sleep':
      return template && { kind: 'sleep', duration: template, outputs };
    case 'fail':
      return template && { kind: 'fail', message: template, outputs };
    default:
      return undefined;
  }
}

function singleType(action: BranchAction): Type {
  return action.kind === 'sleep' ? DURATION : STRING;
}

/** A copy without the members that are undefined. */
function present<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}

function compileCompute(context: WorkflowContext, typing: Typing, draft: ActionDraft): CompiledAction | undefined {
  const typed = new Map<string, TypedTemplate>();
  for (const [name, syntax] of draft.values) {
    const value = typeAt(context, typing, syntax, undefined, [...valuesPath(draft), name]);
    if (value !== undefined) typed.set(name, value);
  }
  if (typed.size < draft.values.size) return undefined;
  const outputs = new Map([...typed].map(([name, { type }]) => [name, type] as const));
  const values = recordOf([...typed].map(([name, { template }]) => [name, template] as const));
  return { closure: { kind: 'compute', outputs: printedTypes(outputs), values }, outputs };
}

/** A task, workflow, launch plan or dynamic task with its inputs. */
function compileCall(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
  target: Target,
  outputs: Readonly<Record<string, string>>,
): BranchClosure | undefined {
  const { action } = draft;
  const values = typeWith(context, typing, draft, target.callee);
  if (values === undefined) return undefined;
  switch (target.kind) {
    case 'task':
      return { kind: 'task', outputs, task: target.digest, with: values };
    case 'dynamic': {
      const tasks = recordOf([...target.tasks].map(([name, { digest }]) => [name, digest] as const));
      return { kind: 'dynamic', outputs, task: target.digest, with: values, tasks };
    }
    case 'workflow': {
      const timeout = action.kind === 'workflow' ? action.timeout : undefined;
      return { kind: 'workflow', outputs, workflow: target.digest, with: values, ...present({ timeout }) };
    }
    case 'launchPlan': {
      const { retries = {}, timeout = {} } = action.kind === 'launchPlan' ? action : {};
      return {
        kind: 'launchPlan',
        outputs,
        launchPlan: { name: target.closure.name, closure: target.digest },
        with: values,
        retries: mergeRetries(DEFAULT_RETRIES, retries),
        timeout: mergeTimeout({}, timeout),
      };
    }
  }
}

function compileMap(
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
  const items = single && typeItems(context, typing, single, draft);
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
  const { concurrency, minSuccessRatio } = action.map;
  return {
    kind: 'map',
    outputs,
    task: target.digest,
    over: recordOf(over),
    ...present({ items: items?.template }),
    with: withNulls(values, callee, given),
    ...(each.size === 0 ? {} : { each: recordOf(each) }),
    ...present({ concurrency }),
    minSuccessRatio: minSuccessRatio ?? 1,
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

function typeItems(
  context: WorkflowContext,
  typing: Typing,
  syntax: NonNullable<ActionDraft['single']>,
  draft: ActionDraft,
): Items | undefined {
  const typed = typeAt(context, typing, syntax, undefined, singlePath(draft));
  if (typed === undefined) return undefined;
  const { type, template } = typed;
  if (type.kind === 'list') return { template, element: type.element };
  if (type.kind === 'table') return { template, element: recordType(type.columns) };
  const help = type.kind === 'optional' ? 'it may be null: give it a default, default(…, [])' : undefined;
  const place = context.workflow.placeOf(singlePath(draft));
  context.tell('PIPE-EXPR-004', `a map runs over a list; this is ${printType(type)}`, place, { help });
  return undefined;
}
