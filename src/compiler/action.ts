import { bareObject } from '../base/index.ts';
import type { TypedTemplate } from '../language/expression/index.ts';
import { type BranchAction, DATETIME, DURATION, optionalOf, printType, STRING, type Type } from '../language/index.ts';
import { typeWith } from './action-inputs.ts';
import type { BranchClosure } from './closure.ts';
import { DEFAULT_RETRIES } from './defaults.ts';
import { compileComputeMap, compileMap, listsOf } from './map-action.ts';
import { type ActionDraft, singlePath, valuesPath } from './node-draft.ts';
import { present, recordOf } from './record.ts';
import type { Target } from './targets.ts';
import { mergeRetries, mergeTimeout } from './task.ts';
import { type Typing, typeAt } from './typing.ts';
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
      return target === undefined ? undefined : listsOf(target.callee.outputs, action.map);
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

/** Types an action's values and makes its closure; undefined when something is wrong. */
export function compileAction(
  context: WorkflowContext,
  typing: Typing,
  draft: ActionDraft,
  target: Target | undefined,
): CompiledAction | undefined {
  const { action } = draft;
  if (action.kind === 'compute') return compileCompute(context, typing, draft);
  if (action.kind === 'map' && action.map.compute !== undefined) return computeMap(context, typing, draft);
  const outputs = declaredOutputs(action, target);
  const closure = outputs && closureOf(context, typing, draft, target, printedTypes(outputs));
  return outputs === undefined || closure === undefined ? undefined : { closure, outputs };
}

/** Types as closures hold them. */
export function printedTypes(types: OutputTypes): Readonly<Record<string, string>> {
  const known = PRINTED.get(types);
  if (known !== undefined) return known;
  const printed = bareObject<string>();
  for (const [name, type] of types) printed[name] = printType(type);
  PRINTED.set(types, printed);
  return printed;
}

/** Nodes that run one task have its outputs, and each asks twice. */
const PRINTED = new WeakMap<OutputTypes, Readonly<Record<string, string>>>();

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

function computeMap(context: WorkflowContext, typing: Typing, draft: ActionDraft): CompiledAction | undefined {
  const made = compileComputeMap(context, typing, draft);
  if (made === undefined) return undefined;
  return { closure: { ...made.action, outputs: printedTypes(made.outputs) }, outputs: made.outputs };
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
        launchPlan: {
          name: target.closure.name,
          closure: target.digest,
          ...present({ byNamespace: target.byNamespace }),
        },
        with: values,
        retries: mergeRetries(DEFAULT_RETRIES, retries),
        timeout: mergeTimeout({}, timeout),
      };
    }
  }
}
