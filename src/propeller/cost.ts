import type { Json, UnixMs } from '../base/index.ts';
import type { ExecutionCost } from '../cluster/index.ts';
import { parseQuantity } from '../language/index.ts';
import type { PlannedTask } from './plan.ts';
import type { EngineState, Terminated } from './state.ts';

const GIB = 2 ** 30;

/** Of a round, what counting costs needs. */
interface Spending {
  readonly state: EngineState;
  readonly status: Record<string, Json>;
  readonly now: UnixMs;
}

/**
 * Adds an attempt that has just ended to what the execution has used: the time that it ran, and that times what it
 * asked for. Written with the attempt's end, so that no restart loses or repeats it.
 */
export function spend(
  { state, status, now }: Spending,
  { closure }: PlannedTask,
  runningAt: UnixMs | undefined,
  seen: Terminated | undefined,
): void {
  const ranMs = seen?.ranMs ?? (runningAt === undefined ? 0 : now - runningAt);
  if (ranMs <= 0) return;
  const { cpu, memory } = closure.resources.requests ?? {};
  const seconds = ranMs / 1_000;
  const before = state.cost;
  const cost: ExecutionCost = {
    attemptSeconds: sum(before?.attemptSeconds, seconds),
    ...used('cpuSeconds', before?.cpuSeconds, seconds * amountOf(cpu)),
    ...used('memoryGiBSeconds', before?.memoryGiBSeconds, (seconds * amountOf(memory)) / GIB),
  };
  state.cost = cost;
  status.cost = { ...cost };
}

function used(
  name: 'cpuSeconds' | 'memoryGiBSeconds',
  before: number | undefined,
  more: number,
): Partial<ExecutionCost> {
  return before === undefined && more === 0 ? {} : { [name]: sum(before, more) };
}

/** To the thousandth, so that a status does not carry the noise of binary fractions. */
function sum(before: number | undefined, more: number): number {
  return Math.round(((before ?? 0) + more) * 1_000) / 1_000;
}

function amountOf(text: string | undefined): number {
  return (text === undefined ? undefined : parseQuantity(text)) ?? 0;
}
