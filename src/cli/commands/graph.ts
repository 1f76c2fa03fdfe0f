import { type Drawing, dotText, isBeyondMermaid, mermaidText, svgText } from '../../client/graph/index.ts';
import {
  compileWorkTree,
  type ExecutionView,
  findProjectRoot,
  loadWorkflowClosure,
  PROJECT_FILE,
  resolveRunnable,
  runTarget,
  viewExecution,
} from '../../client/index.ts';
import type { Execution } from '../../cluster/index.ts';
import { type Direction, graphOf } from '../../compiler/graph/index.ts';
import { keyOfEntry, type WorkflowClosure } from '../../compiler/index.ts';
import { formatDiagnostics, suggest } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { executionCaption, nodeMark } from '../graph-marks.ts';
import { notFoundHint } from '../not-found.ts';
import { namespaceFor } from '../scope.ts';

/** `pipectl graph [WORKFLOW]`: draws a workflow of the checkout, of a registered commit, or as an execution ran it. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const drawing = await drawingOf(context, input);
  const direction = input.text('direction') as Direction | undefined;
  const format = (input.text('output') ?? 'mermaid') as 'mermaid' | 'dot' | 'svg';
  context.stdout.write(printed(context, { ...drawing, ...(direction !== undefined && { direction }) }, format));
  return EXIT.ok;
}

async function drawingOf(context: CommandContext, input: CommandInput): Promise<Drawing> {
  const [name] = input.arguments;
  const execution = input.text('execution');
  const rev = input.text('rev');
  if (execution !== undefined) {
    if (rev !== undefined) throw new UsageError('--rev with --execution', 'an execution keeps the commit that it ran');
    return executionDrawing(context, execution, name);
  }
  if (name === undefined) {
    throw new UsageError('which workflow', 'name one, or an execution with --execution');
  }
  return rev === undefined ? checkoutDrawing(context, name) : revisionDrawing(context, rev, name);
}

function printed({ stderr }: CommandContext, drawing: Drawing, format: 'mermaid' | 'dot' | 'svg'): string {
  switch (format) {
    case 'dot':
      return dotText(drawing);
    case 'mermaid': {
      const text = mermaidText(drawing);
      if (isBeyondMermaid(drawing, text)) stderr.write(`${drawing.graph.name} is larger than Mermaid draws: -o svg\n`);
      return text;
    }
    case 'svg': {
      const text = svgText(drawing);
      if (text !== undefined) return text;
      const { nodes, edges } = drawing.graph;
      throw new FailedError(
        `${drawing.graph.name} is too large for a picture: ${nodes.length} nodes, ${edges.length} edges`,
        'Graphviz may draw it with -o dot',
      );
    }
  }
}

async function checkoutDrawing({ cwd, stderr }: CommandContext, name: string): Promise<Drawing> {
  const root = findProjectRoot(cwd);
  if (root === undefined) {
    throw new UsageError(
      `there is no ${PROJECT_FILE} in ${cwd} or above`,
      'with --rev or --execution the control plane is asked',
    );
  }
  const { outcome } = await compileWorkTree(root);
  if (outcome.kind === 'rejected') {
    stderr.write(formatDiagnostics(outcome.diagnostics, 'pretty', { color: stderr.color }));
    throw new FailedError('a checkout with errors has no graph', '`pipectl validate` checks it');
  }
  const closures = new Map(outcome.changed.map((entity) => [keyOfEntry(entity), entity.closure]));
  const plan = closures.get(`LaunchPlan/${name}`);
  const closure = closures.get(`Workflow/${plan?.kind === 'LaunchPlan' ? plan.workflow.name : name}`);
  if (closure?.kind === 'Workflow') return describedDrawing(closure);
  const names = outcome.changed.flatMap(({ kind, name }) => (kind === 'Workflow' || kind === 'LaunchPlan' ? name : []));
  throw new FailedError(`this checkout has no workflow "${name}"`, meantText(name, [...new Set(names)].sort()));
}

function describedDrawing(closure: WorkflowClosure): Drawing {
  const { description } = closure;
  return { graph: graphOf(closure), ...(description !== undefined && { caption: description }) };
}

function meantText(name: string, names: readonly string[]): string {
  const meant = suggest(name, names);
  return meant === undefined ? `it has ${names.join(', ') || 'none'}` : `did you mean "${meant}"?`;
}

async function revisionDrawing(context: CommandContext, rev: string, name: string): Promise<Drawing> {
  const session = await context.session();
  const namespace = (await namespaceFor(context, session, 'Workflow')) ?? 'default';
  const target = await runTarget(session.cluster, namespace, rev, true);
  if (target === undefined) {
    throw new FailedError(`nothing registered is called "${rev}"`, '`pipectl get revisions` lists all');
  }
  const { spec } = target.revision;
  const commit = `commit ${spec.commit.slice(0, 7)}`;
  const resolution = await resolveRunnable(session.cluster, target, name);
  if (resolution.kind === 'noEntity') {
    throw new FailedError(`${commit} has no workflow "${name}"`, meantText(name, resolution.names));
  }
  const closure = await loadWorkflowClosure(session.cluster, resolution.runnable.closure);
  if (closure === undefined) throw new FailedError(`the control plane no longer has "${name}" of ${commit}`);
  return { graph: graphOf(closure), caption: `${commit} of ${spec.repository}` };
}

async function executionDrawing(context: CommandContext, name: string, workflow: string | undefined): Promise<Drawing> {
  const session = await context.session();
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  const execution = await session.cluster
    .get<Execution>(key)
    .catch((error: unknown) => notFoundHint(session.cluster, key, error));
  const { spec } = execution;
  if (workflow !== undefined && workflow !== spec.workflow && workflow !== spec.launchPlan) {
    throw new UsageError(`${name} is an execution of "${spec.workflow}", not of "${workflow}"`);
  }
  const closure = await loadWorkflowClosure(session.cluster, spec.closure);
  if (closure === undefined) throw new FailedError(`the control plane no longer has the version that ${name} ran`);
  const view: ExecutionView = viewExecution(execution, closure, context.clock.now());
  return {
    graph: graphOf(closure),
    caption: executionCaption(view),
    marks: new Map(view.nodes.map((node) => [node.id, nodeMark(node, view.isTerminal)])),
  };
}
