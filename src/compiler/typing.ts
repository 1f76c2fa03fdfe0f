import {
  type ExpressionProblem,
  parseTemplate,
  type TemplateProblem,
  type TemplateSyntax,
  type TypedTemplate,
  type TypeScope,
  templateReferences,
  typeTemplate,
} from '../language/expression/index.ts';
import {
  BOOLEAN,
  DATETIME,
  type Definition,
  type Field,
  listOf,
  optionalOf,
  type Path,
  type RecordType,
  STRING,
  type Type,
  type ValueTemplate,
} from '../language/index.ts';
import type { Tell } from './findings.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** `execution` in expressions. */
export const EXECUTION_TYPE: RecordType = recordType([
  ['name', STRING],
  ['commit', STRING],
  ['startTime', DATETIME],
]);

const FAILURE_TYPE: RecordType = recordType([
  ['node', STRING],
  ['reason', STRING],
  ['message', STRING],
]);

/** `error` in a failure handler: what ended the execution, and every node that failed. */
export const ERROR_TYPE: RecordType = recordType([
  ['node', optionalOf(STRING)],
  ['reason', STRING],
  ['message', STRING],
  ['failures', listOf(FAILURE_TYPE)],
]);

/** A record type with all its fields present. */
export function recordType(fields: Iterable<readonly [string, Type]>): RecordType {
  const all = new Map<string, Field>();
  for (const [name, type] of fields) all.set(name, { type, optional: false });
  return { kind: 'record', fields: all };
}

/** The record whose fields may all be null. */
export function optionalRecord({ fields }: RecordType): RecordType {
  return recordType([...fields].map(([name, { type }]) => [name, optionalOf(type)] as const));
}

/** A node that may be skipped. */
export interface Skippable {
  /** Types of its outputs when it is not. */
  readonly always: RecordType;
  /** Why it may be, and where that is said. */
  readonly message: string;
  readonly path: Path;
}

/** Types as they become known: nodes are added in topological order. */
export interface Typing {
  readonly scope: TypeScope & { readonly nodes: Map<string, RecordType> };
  /** Nodes whose outputs are not known because of a fault told elsewhere: what reads them is not typed. */
  readonly unknown: Set<string>;
  /** Nodes whose outputs are optional because they may be skipped. */
  readonly skippable: Map<string, Skippable>;
}

export function typingOf({ workflow }: WorkflowContext): Typing {
  const inputs = [...workflow.spec.inputs].map(([name, parameter]) => [name, parameter.type] as const);
  const unknown = new Set<string>();
  const variables = new Map([['execution', EXECUTION_TYPE]]);
  return {
    scope: { inputs: recordType(inputs), nodes: new Map(), untyped: unknown, variables },
    unknown,
    skippable: new Map(),
  };
}

/** The typing of values that more is known of: paths that are not null, more names. What is learned of nodes is shared. */
export function within(
  typing: Typing,
  more: { readonly present?: ReadonlySet<string>; readonly variables?: Readonly<Record<string, Type>> },
): Typing {
  const { scope } = typing;
  const present = new Set([...(scope.present ?? []), ...(more.present ?? [])]);
  const variables = new Map([...scope.variables, ...Object.entries(more.variables ?? {})]);
  return { ...typing, scope: { ...scope, present, variables } };
}

/** Finds the expressions of a value at `path`. */
export function draftTemplate(context: WorkflowContext, value: ValueTemplate, path: Path): TemplateSyntax {
  return parseTemplate(value, (problem) => tellProblem(context, problem, path));
}

/** The same of a condition, which is one expression, or true or false. */
export function draftCondition(context: WorkflowContext, value: ValueTemplate, path: Path): TemplateSyntax {
  const syntax = draftTemplate(context, value, path);
  if (syntax.kind === 'broken' || syntax.kind === 'expression') return syntax;
  if (syntax.kind === 'literal' && typeof syntax.value === 'boolean') return syntax;
  const isWhole = syntax.kind === 'literal' && typeof syntax.value === 'string';
  const help = isWhole ? `write "\${{ ${syntax.value} }}"` : 'put all of it inside of one ${{ … }}';
  context.tell('PIPE-NODE-003', 'a condition is one expression, and this is text', context.workflow.placeOf(path), {
    help,
  });
  return { kind: 'broken' };
}

/** Types a condition; undefined when it has problems. */
export function typeCondition(
  context: WorkflowContext,
  typing: Typing,
  syntax: TemplateSyntax,
  path: Path,
): TypedTemplate | undefined {
  return typeAt(context, typing, syntax, BOOLEAN, path);
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
  const problems: TemplateProblem[] = [];
  const typed = typeTemplate(syntax, expected, typing.scope, (problem) => problems.push(problem));
  const [first] = problems;
  const skipped = first === undefined ? [] : skippedNodes(typing, syntax);
  if (first !== undefined && skipped.length > 0 && isRightWithout(typing, syntax, expected, skipped)) {
    tellSkipped(context, typing, first, skipped[0] as string, path);
  } else for (const problem of problems) tellProblem(context, problem, path);
  return typed;
}

/** The nodes that a value reads and that may be skipped. */
function skippedNodes({ skippable }: Typing, syntax: TemplateSyntax): readonly string[] {
  if (skippable.size === 0) return [];
  return [...templateReferences(syntax).nodes].filter((id) => skippable.has(id));
}

/** Whether nothing would be wrong if these nodes were never skipped. */
function isRightWithout(
  { scope, skippable }: Typing,
  syntax: TemplateSyntax,
  expected: Type | undefined,
  skipped: readonly string[],
): boolean {
  const nodes = new Map<string, RecordType>();
  for (const id of templateReferences(syntax).nodes) {
    const outputs = skipped.includes(id) ? skippable.get(id)?.always : scope.nodes.get(id);
    if (outputs !== undefined) nodes.set(id, outputs);
  }
  let isRight = true;
  typeTemplate(syntax, expected, { ...scope, nodes }, () => {
    isRight = false;
  });
  return isRight;
}

function tellSkipped(
  { tell, workflow }: WorkflowContext,
  { skippable }: Typing,
  problem: TemplateProblem,
  id: string,
  path: Path,
): void {
  const { message, path: because } = skippable.get(id) as Skippable;
  const place = workflow.placeOf([...path, ...problem.path], problem.range);
  const help = `give it a default, default(nodes.${id}.outputs.…, …), or test it: nodes.${id}.outputs.… != null ? … : …`;
  const related = [{ message, ...workflow.placeOfKey(because) }];
  tell('PIPE-NODE-004', `node "${id}" may be skipped, and its outputs are null then: ${problem.message}`, place, {
    help,
    related,
  });
}

const CODES: Readonly<Record<ExpressionProblem['kind'] | 'value', string>> = {
  syntax: 'PIPE-EXPR-002',
  name: 'PIPE-EXPR-003',
  type: 'PIPE-EXPR-004',
  forbidden: 'PIPE-EXPR-005',
  value: 'PIPE-INPUT-003',
};

function tellProblem({ tell, workflow }: WorkflowContext, problem: TemplateProblem, path: Path): void {
  tellExpressionProblem(tell, workflow, problem, path);
}

/** Tells what is wrong with the expressions of the value at `path`. */
export function tellExpressionProblem(
  tell: Tell,
  { placeOf }: Pick<Definition, 'placeOf'>,
  problem: TemplateProblem,
  path: Path,
): void {
  const place = placeOf([...path, ...problem.path], problem.range);
  tell(CODES[problem.kind], problem.message, place, { help: problem.help });
}
