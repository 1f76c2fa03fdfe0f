import { instantMs, instantText, type Json, MAX_VALUE_BYTES } from '../base/index.ts';
import {
  type ExecutionError,
  isTerminalPhase,
  type NodeDecision,
  type NodeSignal,
  type NodeWait,
  signalValue,
  WAITS,
} from '../cluster/index.ts';
import { checkValue, printDuration } from '../language/index.ts';
import { cut } from './attempt.ts';
import { frameOf, nodeAt, pathOf } from './frame.ts';
import { unnamed, type Values } from './language.ts';
import { openNode } from './open-node.ts';
import type { ApprovePlan, SignalPlan } from './plan.ts';
import { failAtOnce, failNode, type Round, succeedNode, touch } from './round.ts';
import { scopeOf } from './scope.ts';
import { valueBytes } from './size.ts';
import type { EngineState, Frame, OpenState } from './state.ts';

type AnsweredPlan = ApprovePlan | SignalPlan;

/** Begins to wait for a person or a value. An answer that is there already counts at once. */
export function startWaiting(round: Round, frame: Frame, node: AnsweredPlan): void {
  const { state, now } = round;
  const rendered = node.message?.(scopeOf(state, frame, node));
  if (rendered?.ok === false) {
    failAtOnce(round, frame, node, { reason: 'ExpressionFailed', message: `message: ${unnamed(rendered)}` });
    return;
  }
  const open = openNode(round, frame, node, node.timeoutMs === undefined ? undefined : now + node.timeoutMs);
  const message = rendered?.ok === true ? { message: cut(String(rendered.values.value)) } : {};
  open.wait =
    node.kind === 'approve' ? { for: 'approval', ...message } : { for: 'signal', ...message, type: node.type };
  const path = pathOf(frame, node);
  state.waiting.set(frame.base + node.index, path);
  const signal = signalOf(state, path);
  if (signal !== undefined) answer(round, frame, node, open, signal);
}

/** Answers are part of the execution's spec: those of nodes that wait count, the others are kept for their turn. */
export function observeSignals(round: Round, signals: EngineState['signals']): void {
  const { state } = round;
  if (signals === state.signals) return;
  state.signals = signals;
  for (const [number, path] of state.waiting) {
    const signal = signalOf(state, path);
    const open = state.open.get(number);
    if (signal === undefined || open === undefined) continue;
    const frame = frameOf(state, number);
    const node = nodeAt(state, frame, number);
    const isOpen = !isTerminalPhase(frame.phases[node.index] as string);
    if (isOpen && (node.kind === 'approve' || node.kind === 'signal')) answer(round, frame, node, open, signal);
  }
}

/** Nobody answered in time: the default holds, or the node times out. */
export function wakeWaiting(round: Round, frame: Frame, node: AnsweredPlan): void {
  const open = round.state.open.get(frame.base + node.index);
  if (open === undefined) return;
  const at = instantText(round.now);
  const { byDefault } = node;
  if (byDefault === undefined) {
    const waited = printDuration(node.timeoutMs ?? 0);
    const error = { reason: 'NotAnswered', message: `nobody answered within ${waited}` };
    fail(round, frame, node, open, 'TimedOut', error);
  } else if (node.kind === 'signal') {
    settle(round, frame, node, open, { at, isDefault: true }, { value: byDefault });
  } else {
    decide(round, frame, node, open, { decision: byDefault as 'approve' | 'reject', at, isDefault: true });
  }
}

function signalOf({ signals }: EngineState, path: string): NodeSignal | undefined {
  // Own members only: a node may be called `constructor`.
  return signals !== undefined && Object.hasOwn(signals, path) ? signals[path] : undefined;
}

function answer(round: Round, frame: Frame, node: AnsweredPlan, open: OpenState, signal: NodeSignal): void {
  const { by, reason, decision } = signal;
  const said: NodeDecision = {
    ...(decision !== undefined && { decision }),
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
    at: instantText(instantMs(signal.at) ?? round.now),
  };
  if (node.kind === 'approve') {
    if (decision === undefined) refuse(round, frame, node, open, 'it takes a decision, approve or reject, not a value');
    else decide(round, frame, node, open, said);
    return;
  }
  const value = decision === undefined ? signalValue(signal) : undefined;
  const checked = value === undefined ? undefined : checkValue(value, node.valueType);
  if (checked === undefined) {
    refuse(round, frame, node, open, `it takes a value of type ${node.type}, as JSON`);
  } else if (checked.kind !== 'ok') {
    const problems = checked.problems.map(({ path, message }) => [...path, message].join(': ')).join('; ');
    refuse(round, frame, node, open, `the value does not fit ${node.type}: ${problems}`);
  } else if (valueBytes(checked.value) > MAX_VALUE_BYTES) {
    refuse(round, frame, node, open, `the value has more than ${MAX_VALUE_BYTES} bytes as JSON`);
  } else settle(round, frame, node, open, said, { value: checked.value });
}

/** The node goes on waiting, and tells why what came does not count. */
function refuse(round: Round, frame: Frame, node: AnsweredPlan, open: OpenState, why: string): void {
  const refused = cut(why);
  if (open.wait?.refused === refused) return;
  open.wait = { ...(open.wait as NodeWait), refused };
  touch(round, frame, node);
}

function decide(round: Round, frame: Frame, node: ApprovePlan, open: OpenState, said: NodeDecision): void {
  if (said.decision === 'approve') {
    const outputs = { by: said.by ?? null, comment: said.reason ?? null, at: said.at };
    settle(round, frame, node, open, said, outputs);
    return;
  }
  const who = said.isDefault === true ? ' by default' : said.by === undefined ? '' : ` by ${said.by}`;
  const why = said.reason === undefined ? '' : `: ${said.reason}`;
  open.decision = said;
  fail(round, frame, node, open, 'Failed', { reason: 'Rejected', message: cut(`rejected${who}${why}`) });
}

function settle(
  round: Round,
  frame: Frame,
  node: AnsweredPlan,
  open: OpenState,
  said: NodeDecision,
  outputs: Readonly<Record<string, Json>>,
): void {
  open.decision = said;
  if (open.wait?.refused !== undefined) {
    const { refused: _, ...wait } = open.wait;
    open.wait = wait;
  }
  touch(round, frame, node);
  succeedNode(round, frame, node, outputs as Values);
}

function fail(
  round: Round,
  frame: Frame,
  node: AnsweredPlan,
  open: OpenState,
  phase: 'Failed' | 'TimedOut',
  error: ExecutionError,
): void {
  open.error = error;
  touch(round, frame, node);
  failNode(round, frame, node, phase, error);
}

/** What the execution waits for, and what to type, for its status; undefined: no node waits for an answer. */
export function waitingText(state: EngineState): string | undefined {
  for (const [number, path] of state.waiting) {
    const wait = state.open.get(number)?.wait;
    if (wait === undefined) continue;
    const { name } = state.execution;
    const command = wait.for === 'approval' ? `approve ${name} ${path}` : `signal ${name} ${path} --value …`;
    const more = state.waiting.size > 1 ? `, and ${state.waiting.size - 1} more` : '';
    return cut(`${WAITS}${wait.for === 'approval' ? 'approval' : 'a signal'}: pipectl ${command}${more}`);
  }
  return undefined;
}
