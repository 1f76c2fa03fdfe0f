import { type Diagnostic, isJsonObject, type Json, MAX_IMPORT_ITEMS, MAX_IMPORT_TEMPLATES } from '../../base/index.ts';
import { parsePlainYaml } from '../../language/index.ts';
import { recordOf } from '../cel-text.ts';
import { below, type Cursor, entries, field, openDocument, textIn, textOf, whole } from '../cursor.ts';
import { document } from '../document.ts';
import type { ImportRequest, ImportResult } from '../import-result.ts';
import { labelBook } from '../names.ts';
import { collectNotes, type Notes } from '../notes.ts';
import { tellUnread } from '../pod-fields.ts';
import { exitHandler, type Graph, importGraph, workflowName } from './graph.ts';
import { type ArgoImport, globalType, isLeaf, parameterJson, signatureOf } from './importing.ts';
import { ARGO_KINDS, type ArgoDocument, type ArgoTemplate, ownLabels, readDocument, readTemplates } from './model.ts';
import { suspendOf } from './policy.ts';
import { importLaunchPlan, importSchedules, plainArguments } from './schedule.ts';
import { defaultOf, importTask, inputsOf, taskName } from './task.ts';
import { usageOf } from './usage.ts';

/** Argo's Workflow, WorkflowTemplate, ClusterWorkflowTemplate and CronWorkflow → definitions, scripts and notes. */
export function importArgo({ files, scriptsFolder }: ImportRequest): ImportResult {
  const notes = collectNotes();
  const diagnostics: Diagnostic[] = [];
  const documents: ArgoDocument[] = [];
  for (const file of files) {
    const parsed = parsePlainYaml(file);
    diagnostics.push(...parsed.diagnostics);
    for (const [number, plain] of parsed.documents.entries())
      documents.push(...openArgo(notes, openDocument(plain, number)));
  }
  const templates = templatesOf(notes, documents);
  const into: ArgoImport = {
    notes,
    templates,
    usage: usageOf(templates),
    taskNames: labelBook(),
    workflowNames: labelBook(),
    planNames: labelBook(),
    scheduleNames: labelBook(),
    definitions: [],
    scripts: new Map(),
    scriptsFolder,
    signatures: new Map(),
    budget: { items: MAX_IMPORT_ITEMS },
  };
  // A workflow keeps its name; templates that are called alike make way.
  for (const argo of documents) into.workflowNames.nameOf(`entry ${argo.name}`, argo.name);
  for (const template of templates.values()) if (isLeaf(template)) importTask(into, template);
  const called = calledGraphs(documents, templates);
  for (const template of templates.values())
    if (template.kind === 'graph' && called.has(template.key)) importSubworkflow(into, template);
  for (const argo of documents) importDocument(into, argo);
  for (const argo of documents) tellUnread(notes, argo.root);
  const { definitions, scripts } = into;
  return { definitions, scripts, notes: notes.list(), moreNotes: notes.left(), diagnostics };
}

function openArgo(notes: Notes, root: Cursor): readonly ArgoDocument[] {
  const kind = textIn(root, 'kind');
  const known = ARGO_KINDS.find((name) => name === kind);
  const argo = known === undefined ? undefined : readDocument(root, known);
  if (argo !== undefined) return [argo];
  notes.lost(field(root, 'kind') ?? root, {
    construct: `kind ${kind ?? 'missing'}`,
    message: known === undefined ? `it is none of ${ARGO_KINDS.join(', ')}` : 'it has no name or no spec',
    instead: kind === 'Pipeline' || kind === 'Task' ? 'use pipectl import tekton' : undefined,
  });
  whole(root);
  return [];
}

function templatesOf(notes: Notes, documents: readonly ArgoDocument[]): ReadonlyMap<string, ArgoTemplate> {
  const templates = new Map<string, ArgoTemplate>();
  for (const argo of documents) {
    for (const template of readTemplates(argo)) {
      const isTwice = templates.has(template.key);
      if (!isTwice && templates.size < MAX_IMPORT_TEMPLATES) templates.set(template.key, template);
      else {
        notes.lost(template.at, {
          construct: `template ${template.name}`,
          message: isTwice
            ? 'another one has this name'
            : `at most ${MAX_IMPORT_TEMPLATES} templates are imported at a time`,
          instead: isTwice ? 'rename one of them' : 'import fewer files at a time',
        });
        whole(template.at);
      }
    }
  }
  return templates;
}

/** Graphs that some node or handler runs, or that others may run as their template has no entry. */
function calledGraphs(
  documents: readonly ArgoDocument[],
  templates: ReadonlyMap<string, ArgoTemplate>,
): ReadonlySet<string> {
  const called = new Set(
    [...templates.values()].flatMap(({ nodes }) => nodes.flatMap(({ template }) => template ?? [])),
  );
  for (const argo of documents) {
    const exit = exitOf(argo, templates);
    if (exit !== undefined) called.add(exit.key);
    if (field(argo.spec, 'entrypoint') !== undefined) continue;
    for (const template of templates.values()) if (template.document === argo) called.add(template.key);
  }
  return called;
}

function exitOf(argo: ArgoDocument, templates: ReadonlyMap<string, ArgoTemplate>): ArgoTemplate | undefined {
  const name = textIn(argo.spec, 'onExit') ?? textOf(below(argo.spec, 'hooks', 'exit', 'template'));
  const exit = name === undefined ? undefined : templates.get(`${argo.name}/${name}`);
  return exit?.kind === 'graph' || (exit !== undefined && isLeaf(exit)) ? exit : undefined;
}

function importSubworkflow(into: ArgoImport, template: ArgoTemplate): void {
  const graph = importGraph(into, template);
  if (graph.nodes.size === 0) return;
  const spec = workflowSpec(inputsOf(into, template), graph, undefined);
  into.definitions.push(document('Workflow', workflowName(into, template), spec, template.at));
}

function workflowSpec(inputs: Json | undefined, graph: Graph, onFailure: Json | undefined): Json {
  return recordOf([
    ['inputs', inputs],
    ['outputs', graph.outputs],
    ['nodes', recordOf(graph.nodes)],
    ['failurePolicy', graph.failurePolicy],
    ['onFailure', onFailure],
  ]);
}

/** The workflow of a document's entry, with what launches it. */
function importDocument(into: ArgoImport, argo: ArgoDocument): void {
  const { templates, notes } = into;
  const entrypoint = field(argo.spec, 'entrypoint');
  const reference = textOf(below(argo.spec, 'workflowTemplateRef', 'name'));
  const name = into.workflowNames.nameOf(`entry ${argo.name}`, argo.name);
  if (reference !== undefined) {
    launch(
      into,
      argo,
      into.workflowNames.nameOf(`entry ${reference}`, reference),
      plainArguments(argo, (own) => own),
    );
    return;
  }
  if (entrypoint === undefined) return;
  const entry = templates.get(`${argo.name}/${textOf(entrypoint)}`);
  if (entry === undefined || entry.kind === 'other') {
    notes.lost(entrypoint, {
      construct: `entrypoint ${textOf(entrypoint)}`,
      message: 'there is no template of this name that could be imported',
    });
    return;
  }
  const graph = entry.kind === 'graph' ? importGraph(into, entry) : singleNode(into, entry);
  const exit = exitOf(argo, templates);
  const handler = exit && exitHandler(into, entry, exit, graph.ends, below(argo.spec, 'hooks', 'exit', 'arguments'));
  const nodes = new Map(graph.nodes);
  if (handler !== undefined) nodes.set(nodes.has('on-exit') ? 'on-exit-handler' : 'on-exit', handler.node);
  if (nodes.size === 0) return;
  const inputs = entryInputs(into, argo, entry, exit);
  const spec = workflowSpec(inputs, { ...graph, nodes }, handler?.onFailure);
  const labels = ownLabels(argo);
  const description = textOf(descriptionOf(argo));
  into.definitions.push(
    document('Workflow', name, spec, argo.root, {
      description,
      labels: labels.length === 0 ? undefined : recordOf(labels),
    }),
  );
  launch(into, argo, name, undefined);
}

function launch(into: ArgoImport, argo: ArgoDocument, workflow: string, inputs: Json | undefined): void {
  const plan = importLaunchPlan(into, argo, workflow, inputs);
  if (argo.kind === 'CronWorkflow' && plan !== undefined) importSchedules(into, argo, plan);
}

function descriptionOf(argo: ArgoDocument): Cursor | undefined {
  const annotations = entries(below(argo.root, 'metadata', 'annotations'));
  return annotations.find(([name]) => name === 'workflows.argoproj.io/description')?.[1];
}

/** A workflow whose entry is one task has one node. */
function singleNode(into: ArgoImport, entry: ArgoTemplate): Graph {
  const { inputs, globals, status, outputs } = signatureOf(into, entry);
  const names = [...inputs.values(), ...globals.values(), ...(status === undefined ? [] : [status])];
  const given = recordOf(names.map((name) => [name, `\${{ inputs.${name} }}`] as const));
  const action = isLeaf(entry)
    ? recordOf([
        ['task', taskName(into, entry)],
        ['with', names.length === 0 ? undefined : given],
      ])
    : (suspendOf(into.notes, entry) as { readonly [key: string]: Json });
  const values = [...outputs.values()].map((name) => [name, `\${{ nodes.main.outputs.${name} }}`] as const);
  return {
    nodes: new Map([['main', action]]),
    outputs: values.length === 0 ? undefined : recordOf(values),
    failurePolicy: undefined,
    ends: ['main'],
  };
}

/** Inputs of the entry: its template's own, the globals that are read, and arguments that nobody reads. */
function entryInputs(
  into: ArgoImport,
  argo: ArgoDocument,
  entry: ArgoTemplate,
  exit: ArgoTemplate | undefined,
): Json | undefined {
  const signature = signatureOf(into, entry);
  const own = inputsOf(into, entry);
  const inputs = new Map<string, Json>(isJsonObject(own) ? Object.entries(own) : []);
  const ofExit = exit === undefined ? [] : [...signatureOf(into, exit).globals];
  for (const [name, ours] of ofExit) if (!signature.globals.has(name)) inputs.set(ours, globalType(into, name));
  for (const { name, at, value } of argo.parameters) {
    const ours = [
      signature.inputs.get(name),
      signature.globals.get(name),
      ofExit.find(([global]) => global === name)?.[1],
    ];
    const known = ours.filter((input) => input !== undefined);
    const description = textIn(at, 'description');
    for (const input of known.length === 0 ? [signatureName(inputs, name)] : known) {
      const before = inputs.get(input);
      const type =
        typeof before === 'string' ? before : isJsonObject(before) ? String(before.type) : globalType(into, name);
      const given = defaultOf(into, value, type);
      inputs.set(input, given === undefined && before !== undefined ? before : parameterJson(type, given, description));
    }
  }
  return inputs.size === 0 ? undefined : recordOf(inputs);
}

function signatureName(taken: ReadonlyMap<string, Json>, name: string): string {
  const wanted = /^[A-Za-z_]\w{0,62}$/.test(name)
    ? name
    : name
        .replace(/[^A-Za-z0-9_]/g, '_')
        .replace(/^(?=\d)/, '_')
        .slice(0, 63);
  return taken.has(wanted) ? `${wanted.slice(0, 60)}_2` : wanted;
}
