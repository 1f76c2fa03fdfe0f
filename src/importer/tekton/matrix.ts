import { type Json, MAX_IMPORT_ITEMS } from '../../base/index.ts';
import { expression, recordOf } from '../cel-text.ts';
import { type Cursor, field, items, textIn } from '../cursor.ts';
import { referencesOf, tektonParts } from '../text-parts.ts';
import type { PipelineTask, TektonTask } from './model.ts';
import { listCel, listValue, type PipelineScope } from './scope.ts';

/** `matrix.params` → lists of a map: every combination, the last parameter fastest, as Tekton has it. */
export function matrixOver(scope: PipelineScope, node: PipelineTask, task: TektonTask): Json | undefined {
  const { notes, budget } = scope.into;
  const include = field(node.matrix, 'include');
  if (include !== undefined) {
    notes.lost(include, {
      construct: 'matrix.include',
      message: 'a map runs every combination of its lists',
      instead: 'write each further combination as a node of its own',
      isKey: true,
    });
    for (const row of items(include)) for (const parameter of items(field(row, 'params'))) textIn(parameter, 'name');
  }
  const axes = items(field(node.matrix, 'params')).flatMap((at): (readonly [string, Cursor])[] => {
    const name = textIn(at, 'name');
    const value = field(at, 'value');
    return name === undefined || value === undefined ? [] : [[task.inputName(name), value]];
  });
  if (axes.length === 0) return undefined;
  const [first] = axes;
  if (axes.length === 1) return recordOf([[first![0], listValue(scope, first![1])]]);
  const isFixed = axes.every(([, at]) => referencesOf(tektonParts(JSON.stringify(at.value))).length === 0);
  if (!isFixed) return combinedByExpression(scope, axes);
  const lists = axes.map(([, at]) => listValue(scope, at) as readonly Json[]);
  const rows = lists.reduce((product, list) => product * list.length, 1);
  // Each row repeats its texts.
  const longest = axes.reduce(
    (most, [, at]) => Math.max(most, ...items(at).map(({ value }) => String(value).length)),
    0,
  );
  budget.items -= rows * axes.length * (1 + Math.ceil(longest / 256));
  if (budget.items < 0) {
    notes.lost(node.matrix!, {
      construct: 'matrix',
      message: `at most ${MAX_IMPORT_ITEMS} elements are written out`,
      instead: 'make the lists in a task, and go over its outputs',
    });
    return undefined;
  }
  return recordOf(
    axes.map(([name], axis) => {
      const after = lists.slice(axis + 1).reduce((product, list) => product * list.length, 1);
      const list = lists[axis]!;
      return [name, Array.from({ length: rows }, (_, row) => list[Math.floor(row / after) % list.length]!)] as const;
    }),
  );
}

/** Each axis: its element once per combination of the others, by loops inside loops. */
function combinedByExpression(scope: PipelineScope, axes: readonly (readonly [string, Cursor])[]): Json {
  const lists = axes.map(([, at]) => listCel(scope, at));
  return recordOf(
    axes.map(([name], axis) => {
      const nested = lists.reduceRight<string>((inner, list, at) => {
        const loop = `${list}.map(x${at}, ${inner === '' ? `x${axis}` : inner})`;
        return inner === '' ? loop : `${loop}.flatten()`;
      }, '');
      return [name, expression(nested)] as const;
    }),
  );
}
