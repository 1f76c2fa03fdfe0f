import { type Json, MAX_IMPORT_ITEMS } from '../../base/index.ts';
import { recordOf } from '../cel-text.ts';
import type { Cursor } from '../cursor.ts';
import type { ImportedDefinition } from '../import-result.ts';
import { identifierBook, type NameBook } from '../names.ts';
import type { Notes } from '../notes.ts';
import { type ArgoTemplate, RESULT } from './model.ts';
import { globalPlace, inputPlace, outputPlace, type Usage } from './usage.ts';

/** One import of Argo files, as it is being made. */
export interface ArgoImport {
  readonly notes: Notes;
  readonly templates: ReadonlyMap<string, ArgoTemplate>;
  readonly usage: Usage;
  readonly taskNames: NameBook;
  readonly workflowNames: NameBook;
  readonly planNames: NameBook;
  readonly scheduleNames: NameBook;
  readonly definitions: ImportedDefinition[];
  readonly scripts: Map<string, string>;
  /** Folder of scripts, from the root of the repository. */
  readonly scriptsFolder: string;
  readonly signatures: Map<string, Signature>;
  /** What may still be written out: elements of loops, inputs that are handed down, orders of nodes. */
  readonly budget: { items: number };
}

/** How a template is called when it is a task or a workflow of ours. */
export interface Signature {
  readonly inputs: ReadonlyMap<string, string>;
  readonly globals: ReadonlyMap<string, string>;
  /** Name of the input that says how the workflow ended, when it is read. */
  readonly status?: string;
  readonly outputs: ReadonlyMap<string, string>;
}

export function signatureOf(into: ArgoImport, template: ArgoTemplate): Signature {
  const known = into.signatures.get(template.key);
  if (known !== undefined) return known;
  const inputNames = identifierBook();
  const outputNames = identifierBook();
  const inputs = new Map(template.inputs.map(({ name }) => [name, inputNames.nameOf(`in ${name}`, name)]));
  const globals = new Map(
    into.usage.globalsOf(template).map((name) => [name, inputNames.nameOf(`global ${name}`, name, `workflow_${name}`)]),
  );
  const outputs = new Map(template.outputs.map(({ name }) => [name, outputNames.nameOf(name, name)]));
  if (isLeaf(template) && into.usage.givesResult(template))
    outputs.set(RESULT, outputNames.nameOf(`the ${RESULT}`, RESULT, 'stdout'));
  const signature: Signature = {
    inputs,
    globals,
    outputs,
    ...(into.usage.readsStatus(template) && { status: inputNames.nameOf('status', 'workflow_status') }),
  };
  into.signatures.set(template.key, signature);
  return signature;
}

export function isLeaf({ kind }: ArgoTemplate): boolean {
  return kind === 'container' || kind === 'script';
}

export const TEXT = 'string';
export const LIST = 'list<json>';

export function inputType(into: ArgoImport, template: ArgoTemplate, name: string): string {
  return into.usage.isList(inputPlace(template, name)) ? LIST : TEXT;
}

export function globalType(into: ArgoImport, name: string): string {
  return into.usage.isList(globalPlace(name)) ? LIST : TEXT;
}

export function outputType(into: ArgoImport, template: ArgoTemplate, name: string): string {
  return into.usage.isList(outputPlace(template, name)) ? LIST : TEXT;
}

/** A type, or its long form when there is more to say. */
export function parameterJson(type: string, value: Json | undefined, description?: string): Json {
  if (value === undefined && description === undefined) return type;
  return recordOf([
    ['type', type],
    ['default', value],
    ['description', description],
  ]);
}

/** Takes from what may be written out; false, and told once per place, when nothing is left of it. */
export function spend({ budget, notes }: ArgoImport, at: Cursor, count: number): boolean {
  budget.items -= count;
  if (budget.items >= 0) return true;
  notes.lost(at, {
    construct: 'size',
    message: `at most ${MAX_IMPORT_ITEMS} elements, inputs and orders of nodes are written out`,
    instead: 'import fewer files at a time, or make long lists in a task',
  });
  return false;
}
