import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BugError } from '../../base/index.ts';

/** The example that the demo runs, as it is shipped beside the code. */
const EXAMPLE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../examples/ticketing' : '../examples/ticketing', import.meta.url),
);
const PIPELINE = join('pipelines', 'demand.yaml');

/** Copies the example into `folder`, which is created. */
export function copyExample(folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(EXAMPLE, folder, { recursive: true });
}

/** The change of the demo's second commit: look three weeks ahead instead of two. */
export function lookFurther(folder: string): void {
  edit(folder, 'default: { days: 14 }', 'default: { days: 21 }');
}

/** The change of its third: a task's name misspelled, and text where a number belongs. */
export function breakPipeline(folder: string): void {
  edit(folder, 'task: rank\n', 'task: rnak\n');
  edit(folder, 'days: "${{ inputs.days }}"\n        busiest', 'days: "${{ inputs.file }}"\n        busiest');
}

function edit(folder: string, from: string, to: string): void {
  const path = join(folder, PIPELINE);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new BugError(`${PIPELINE} no longer contains ${JSON.stringify(from)}`);
  writeFileSync(path, text.replace(from, to));
}
