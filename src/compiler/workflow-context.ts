import type { ExpressionProblem, TemplateProblem, TemplateSyntax, TypeScope } from '../language/expression/index.ts';
import { parseTemplate, type TypedTemplate, templateReferences, typeTemplate } from '../language/expression/index.ts';
import {
  DATETIME,
  type DefinitionOf,
  type Field,
  type Path,
  type RecordType,
  STRING,
  type Type,
  type ValueTemplate,
} from '../language/index.ts';
import type { Tell } from './findings.ts';
import { tellTo, type Workspace } from './workspace.ts';

export type Workflow = DefinitionOf<'Workflow'>;

/** What the parts of one workflow's compilation share. */
export interface WorkflowContext {
  readonly workspace: Workspace;
  readonly workflow: Workflow;
  /** Tells a finding and remembers that the workflow does not compile. */
  readonly tell: Tell;
  /** Remembers it when the fault was told elsewhere, for example in a task of its own file. */
  readonly fault: () => void;
  readonly hasFaults: () => boolean;
}

export function workflowContext(workspace: Workspace, workflow: Workflow): WorkflowContext {
  const tell = tellTo(workspace);
  let faults = 0;
  return {
    workspace,
    workflow,
    tell: (...finding) => {
      faults += 1;
      tell(...finding);
    },
    fault: () => {
      faults += 1;
    },
    hasFaults: () => faults > 0,
  };
}

/** `execution` in expressions. */
export const EXECUTION_TYPE: RecordType = recordType([
  ['name', STRING],
  ['commit', STRING],
  ['startTime', DATETIME],
]);

/** A record type with all its fields present. */
export function recordType(fields: Iterable<readonly [string, Type]>): RecordType {
  const all = new Map<string, Field>();
  for (const [name, type] of fields) all.set(name, { type, optional: false });
  return { kind: 'record', fields: all };
}

/** Types as they become known: nodes are added in topological order. */
export interface Typing {
  readonly scope: TypeScope & { readonly nodes: Map<string, RecordType> };
  /** Nodes whose outputs are not known because of a fault told elsewhere: what reads them is not typed. */
  readonly unknown: Set<string>;
}

export function typingOf({ workflow }: WorkflowContext): Typing {
  const inputs = [...workflow.spec.inputs].map(([name, parameter]) => [name, parameter.type] as const);
  return {
    scope: { inputs: recordType(inputs), nodes: new Map(), variables: new Map([['execution', EXECUTION_TYPE]]) },
    unknown: new Set(),
  };
}

/** Finds the expressions of a value at `path`. */
export function draftTemplate(context: WorkflowContext, value: ValueTemplate, path: Path): TemplateSyntax {
  return parseTemplate(value, (problem) => tellProblem(context, problem, path));
}

/** Types the value at `path`; undefined when it has problems or reads what is not known. */
export function typeAt(
  context: WorkflowContext,
  typing: Typing,
  syntax: TemplateSyntax,
  expected: Type | undefined,
  path: Path,
): TypedTemplate | undefined {
  if (typing.unknown.size > 0) {
    for (const id of templateReferences(syntax).nodes) {
      if (!typing.unknown.has(id)) continue;
      context.fault();
      return undefined;
    }
  }
  return typeTemplate(syntax, expected, typing.scope, (problem) => tellProblem(context, problem, path));
}

const CODES: Readonly<Record<ExpressionProblem['kind'] | 'value', string>> = {
  syntax: 'PIPE-EXPR-002',
  name: 'PIPE-EXPR-003',
  type: 'PIPE-EXPR-004',
  forbidden: 'PIPE-EXPR-005',
  value: 'PIPE-INPUT-003',
};

function tellProblem({ tell, workflow }: WorkflowContext, problem: TemplateProblem, path: Path): void {
  const place = workflow.placeOf([...path, ...problem.path], problem.range);
  tell(CODES[problem.kind], problem.message, place, { help: problem.help });
}
