import { type Diagnostic, isJsonObject, type Json, MAX_IMPORT_ITEMS, MAX_IMPORT_TEMPLATES } from '../../base/index.ts';
import { parsePlainYaml } from '../../language/index.ts';
import { recordOf } from '../cel-text.ts';
import { below, type Cursor, field, items, openDocument, textIn, whole } from '../cursor.ts';
import { document } from '../document.ts';
import type { ImportRequest, ImportResult } from '../import-result.ts';
import { labelBook } from '../names.ts';
import { collectNotes } from '../notes.ts';
import { tellUnread } from '../pod-fields.ts';
import type { TektonImport } from './importing.ts';
import { readTask, type TektonParameter, type TektonTask } from './model.ts';
import { importPipeline, type Pipeline, type TaskFinder } from './pipeline.ts';
import { plainValues } from './scope.ts';
import { importTask, taskName } from './task.ts';

const KINDS = ['Task', 'ClusterTask', 'Pipeline', 'PipelineRun', 'TaskRun'] as const;
type Kind = (typeof KINDS)[number];

interface TektonDocument {
  readonly kind: Kind;
  readonly name: string;
  readonly root: Cursor;
  readonly spec: Cursor;
}

/** Tekton's Task, ClusterTask, Pipeline, PipelineRun and TaskRun → definitions, scripts and notes. */
export function importTekton({ files, scriptsFolder }: ImportRequest): ImportResult {
  const notes = collectNotes();
  const into: TektonImport = {
    notes,
    tasks: new Map(),
    taskNames: labelBook(),
    workflowNames: labelBook(),
    planNames: labelBook(),
    definitions: [],
    scripts: new Map(),
    scriptsFolder,
    budget: { items: MAX_IMPORT_ITEMS },
  };
  const diagnostics: Diagnostic[] = [];
  const documents: TektonDocument[] = [];
  for (const file of files) {
    const parsed = parsePlainYaml(file);
    diagnostics.push(...parsed.diagnostics);
    for (const [number, plain] of parsed.documents.entries())
      documents.push(...openTekton(into, openDocument(plain, number)));
  }
  for (const { kind, name, root, spec } of documents)
    if (kind === 'Task' || kind === 'ClusterTask') addTask(into, readTask(name, root, spec));
  const pipelines = new Map<string, Pipeline>();
  for (const { kind, name, root, spec } of documents) {
    if (kind !== 'Pipeline') continue;
    const workflow = into.workflowNames.nameOf(`pipeline ${name}`, name);
    pipelines.set(name, importPipeline(into, workflow, root, spec, finder(into, workflow)));
  }
  for (const run of documents) {
    if (run.kind === 'PipelineRun') importPipelineRun(into, run, pipelines);
    if (run.kind === 'TaskRun') importTaskRun(into, run);
  }
  for (const { root } of documents) tellUnread(notes, root);
  const { definitions, scripts } = into;
  return { definitions, scripts, notes: notes.list(), moreNotes: notes.left(), diagnostics };
}

function openTekton({ notes }: TektonImport, root: Cursor): readonly TektonDocument[] {
  const said = textIn(root, 'kind');
  const kind = KINDS.find((name) => name === said);
  const metadata = field(root, 'metadata');
  const name = textIn(metadata, 'name') ?? textIn(metadata, 'generateName')?.replace(/-+$/, '');
  const spec = field(root, 'spec');
  field(root, 'apiVersion');
  if (kind !== undefined && name !== undefined && spec !== undefined && isJsonObject(spec.value))
    return [{ kind, name, root, spec }];
  notes.lost(field(root, 'kind') ?? root, {
    construct: `kind ${said ?? 'missing'}`,
    message: kind === undefined ? `it is none of ${KINDS.join(', ')}` : 'it has no name or no spec',
    instead: said?.includes('Workflow') === true ? 'use pipectl import argo' : undefined,
  });
  whole(root);
  return [];
}

/** Keeps a task and writes it; undefined, and told, when there is one of its name or there are too many. */
function addTask(into: TektonImport, task: TektonTask): TektonTask | undefined {
  const isTwice = into.tasks.has(task.name);
  if (!isTwice && into.tasks.size < MAX_IMPORT_TEMPLATES) {
    into.tasks.set(task.name, task);
    importTask(into, task);
    return task;
  }
  into.notes.lost(task.at, {
    construct: `task ${task.name}`,
    message: isTwice ? 'another one has this name' : `at most ${MAX_IMPORT_TEMPLATES} tasks are imported at a time`,
    instead: isTwice ? 'rename one of them' : 'import fewer files at a time',
  });
  whole(task.spec);
  return undefined;
}

/** The task that a pipeline's task or a run names, or holds. */
function finder(into: TektonImport, owner: string): TaskFinder {
  return (at, name) => {
    const own = field(at, 'taskSpec');
    if (own !== undefined) return addTask(into, readTask(`${owner}-${name}`, own, own));
    const reference = field(at, 'taskRef');
    const wanted = textIn(reference, 'name');
    textIn(reference, 'kind');
    textIn(reference, 'apiVersion');
    const task = wanted === undefined ? undefined : into.tasks.get(wanted);
    if (task !== undefined) return task;
    into.notes.lost(reference ?? at, {
      construct: `task ${wanted ?? name}`,
      message: wanted === undefined ? 'it is found by a resolver, not in these files' : 'it is not in these files',
      instead: 'import the file that holds it together with this one',
    });
    whole(at);
    return undefined;
  };
}

function importPipelineRun(into: TektonImport, run: TektonDocument, pipelines: ReadonlyMap<string, Pipeline>): void {
  const { name, root, spec } = run;
  const own = field(spec, 'pipelineSpec');
  const reference = textIn(field(spec, 'pipelineRef'), 'name');
  if (own !== undefined) {
    const workflow = into.workflowNames.nameOf(`run ${name}`, name);
    const pipeline = importPipeline(into, workflow, root, own, finder(into, workflow));
    importPlan(into, run, workflow, pipeline.parameters, pipeline.inputName);
    return;
  }
  const pipeline = reference === undefined ? undefined : pipelines.get(reference);
  if (pipeline !== undefined) {
    importPlan(
      into,
      run,
      into.workflowNames.nameOf(`pipeline ${reference}`, reference!),
      pipeline.parameters,
      pipeline.inputName,
    );
    return;
  }
  into.notes.lost(field(spec, 'pipelineRef') ?? spec, {
    construct: `pipeline ${reference ?? ''}`,
    message: 'it is not in these files',
    instead: 'import the file that holds it together with this one',
  });
  whole(root);
}

function importTaskRun(into: TektonImport, run: TektonDocument): void {
  const { name, root, spec } = run;
  const task = finder(into, name)(spec, 'task');
  if (task === undefined) return;
  const workflow = into.workflowNames.nameOf(`run ${name}`, name);
  const names = task.parameters.flatMap(({ name: parameter, keys }) =>
    keys.length === 0 ? [task.inputName(parameter)] : keys.map((key) => task.inputName(parameter, key)),
  );
  const written = into.definitions.find(({ kind, name: known }) => kind === 'Task' && known === taskName(into, task));
  const taskSpec = written?.document.spec;
  const inputs = isJsonObject(taskSpec) ? taskSpec.inputs : undefined;
  const outputs = task.results.map(({ name: result }) => {
    const ours = task.outputName(result);
    return [ours, `\${{ nodes.main.outputs.${ours} }}`] as const;
  });
  const main = recordOf([
    ['task', taskName(into, task)],
    [
      'with',
      names.length === 0 ? undefined : recordOf(names.map((input) => [input, `\${{ inputs.${input} }}`] as const)),
    ],
  ]);
  const body = recordOf([
    ['inputs', inputs],
    ['outputs', outputs.length === 0 ? undefined : recordOf(outputs)],
    ['nodes', recordOf([['main', main]])],
  ]);
  into.definitions.push(document('Workflow', workflow, body, root));
  importPlan(into, run, workflow, task.parameters, task.inputName);
}

/** A run → a launch plan with its values. */
function importPlan(
  into: TektonImport,
  { name, root, spec }: TektonDocument,
  workflow: string,
  parameters: readonly TektonParameter[],
  inputName: TektonTask['inputName'],
): void {
  const values: (readonly [string, Json])[] = items(field(spec, 'params')).flatMap((at) => {
    const given = textIn(at, 'name');
    const value = field(at, 'value');
    const parameter = parameters.find((one) => one.name === given);
    if (given === undefined || value === undefined) return [];
    if (parameter !== undefined) return plainValues(parameter, value, inputName, given);
    into.notes.changed(at, { construct: given, message: 'there is no parameter of this name' });
    whole(value);
    return [];
  });
  const total = below(spec, 'timeouts') ?? field(spec, 'timeout');
  if (total !== undefined) {
    into.notes.lost(total, {
      construct: 'timeouts',
      message: 'a whole workflow has no timeout',
      instead: 'set timeout.total of its nodes',
    });
    whole(total);
  }
  const plan = recordOf([
    ['workflow', workflow],
    ['inputs', values.length === 0 ? undefined : recordOf([['default', recordOf(values)]])],
  ]);
  into.definitions.push(document('LaunchPlan', into.planNames.nameOf(name, name), plan, root));
}
