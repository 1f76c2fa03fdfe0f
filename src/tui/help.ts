import type { Action } from './actions.ts';
import type { Content } from './content.ts';
import type { Binding } from './keys.ts';
import { clean, type Line, span } from './line.ts';
import { clamp } from './list-position.ts';

/** Every key that does something here, what it does, and why it cannot now. */
export function helpLines(bindings: readonly Binding[], actions: readonly Action[], content: Content): readonly Line[] {
  const where = content.kind === 'list' ? 'lists' : 'texts';
  const line = (keys: string, label: string, why?: string): Line => [
    span(`${keys.padEnd(19)} `, why === undefined ? 'key' : 'dim'),
    span(label),
    ...(why === undefined ? [] : [span(`  not now: ${clean(why)}`, 'dim')]),
  ];
  const own = actions.map(({ key, label, why }) => line(key, label, why));
  return [
    ...(own.length === 0 ? [] : [[span('Here', 'title')], ...own, []]),
    [span(content.kind === 'list' ? 'In lists' : 'In texts', 'title')],
    ...bindings.filter((binding) => binding.where === where).map(({ keys, label }) => line(keys.join(' '), label)),
    [],
    [span('Everywhere', 'title')],
    ...bindings
      .filter((binding) => binding.where === 'everywhere')
      .map(({ keys, label }) => line(keys.join(' '), label)),
    line('1 … 9', 'pulse, executions, approvals, and so on'),
  ];
}

/** The lines from `top` on that there is room for. */
export function helpBox(lines: readonly Line[], top: number, rows: number): readonly Line[] {
  const from = helpTop(top, lines.length, rows);
  return lines.slice(from, from + heightOf(rows));
}

/** The first line that is shown when `top` is asked for: at the end nothing is left to scroll to. */
export function helpTop(top: number, count: number, rows: number): number {
  return clamp(top, 0, Math.max(0, count - heightOf(rows)));
}

function heightOf(rows: number): number {
  return Math.max(3, rows - 7);
}
