import type { Json, JsonObject } from '../base/index.ts';
import {
  compileExpression,
  compileRenderer,
  type Expression,
  type ExpressionProblem,
  type Meter,
  parseTemplate,
  type Renderer,
  type TypeScope,
  typeTemplate,
  type ValueScope,
} from '../language/expression/index.ts';
import {
  BOOLEAN,
  type DefinitionKind,
  type LabelPattern,
  type Path,
  type PolicyRule,
  STRING,
} from '../language/index.ts';
import { FACT_PATHS, factsOf, factsTypeOf } from './policy-facts.ts';
import { objectOf, objectTypeOf, type Subject } from './policy-object.ts';

/** A rule, typed for the definitions of one kind and ready to run. */
export interface RuleProgram {
  readonly rule: PolicyRule;
  readonly condition?: Expression;
  readonly assert: Expression;
  readonly message: Renderer;
  /** What the assertion reads, in its order: where a finding may point. */
  readonly paths: readonly Path[];
}

/** What is wrong with an expression of a rule, at `path` within the rule. */
export interface RuleProblem {
  readonly path: Path;
  readonly problem: Pick<ExpressionProblem, 'kind' | 'message' | 'help'>;
  readonly range: { readonly start: number; readonly end: number };
}

export type RuleResult =
  | { readonly kind: 'ok'; readonly program: RuleProgram }
  | { readonly kind: 'error'; readonly problems: readonly RuleProblem[] };

/** What a rule says of a subject. */
export type Verdict =
  | { readonly kind: 'kept' }
  | { readonly kind: 'broken'; readonly message: string }
  /** The rule could not be evaluated for it. */
  | { readonly kind: 'failed'; readonly message: string };

/** Types a rule's expressions for the definitions of a kind. */
export function compileRule(rule: PolicyRule, kind: DefinitionKind): RuleResult {
  const scope = scopeOf(kind);
  const problems: RuleProblem[] = [];
  const conditional = rule.match.expression;
  const condition = conditional && compilePart(conditional, ['match', 'expression'], scope, problems);
  const assert = compilePart(rule.assert, ['assert'], scope, problems);
  const message = compileMessage(rule.message, scope, problems);
  if (assert === undefined || message === undefined || problems.length > 0) return { kind: 'error', problems };
  const program = { rule, assert, message, paths: pathsOf(assert.source), ...(condition && { condition }) };
  return { kind: 'ok', program };
}

/** The names that rules about a kind may use. */
export function scopeOf(kind: DefinitionKind): TypeScope {
  const variables = new Map([
    ['object', objectTypeOf(kind)],
    ['facts', factsTypeOf(kind)],
  ]);
  return { inputs: { kind: 'record', fields: new Map() }, nodes: new Map(), variables };
}

/** An expression stands bare, or as `${{ … }}` like elsewhere: `source` with where it begins. */
export function bareExpression(text: string): { readonly source: string; readonly offset: number } {
  const wrapped = /^(\s*\$\{\{)([\s\S]*)\}\}\s*$/.exec(text);
  const [, open = '', source = text] = wrapped ?? [];
  return { source, offset: open.length };
}

function compilePart(text: string, path: Path, scope: TypeScope, problems: RuleProblem[]): Expression | undefined {
  const { source, offset } = bareExpression(text);
  const result = compileExpression(source, scope, BOOLEAN);
  if (result.kind === 'ok') return result.expression;
  const { problem } = result;
  problems.push({ path, problem, range: { start: offset + problem.start, end: offset + problem.end } });
  return undefined;
}

function compileMessage(text: string, scope: TypeScope, problems: RuleProblem[]): Renderer | undefined {
  const report = ({ kind, message, help, range }: TemplateReport): void => {
    const problem = { kind: kind === 'value' ? 'type' : kind, message, ...(help !== undefined && { help }) } as const;
    problems.push({ path: ['message'], problem, range: range ?? { start: 0, end: text.length } });
  };
  const typed = typeTemplate(parseTemplate(text, report), STRING, scope, report);
  if (typed === undefined) return undefined;
  const compiled = compileRenderer({ message: typed.template }, new Map([['message', STRING]]), scope);
  return compiled.kind === 'ok' ? compiled.render : undefined;
}

type TemplateReport = Parameters<Parameters<typeof parseTemplate>[1]>[0];

/** Paths of a definition that an expression names: `object.spec.run.image`, or what a fact is made of. */
function pathsOf(source: string): readonly Path[] {
  const paths: Path[] = [];
  for (const [, owner, rest = ''] of source.matchAll(
    /\b(object|facts)((?:\s*\.\s*\w+|\[\s*(?:"[^"]*"|'[^']*')\s*\])+)/g,
  )) {
    const names = [...rest.matchAll(/\.\s*(\w+)|["']([^"']*)["']/g)].map(([, plain, quoted]) => plain ?? quoted ?? '');
    if (owner === 'object') paths.push(names);
    else
      paths.push(
        ...(Object.hasOwn(FACT_PATHS, names[0] ?? '') ? (FACT_PATHS[names[0] as string] as readonly Path[]) : []).map(
          (path) => [...path, ...names.slice(1)],
        ),
      );
  }
  for (const [, label, owner] of source.matchAll(/["']([^"']+)["']\s+in\s+object\.metadata\.(labels|annotations)\b/g)) {
    paths.unshift(['metadata', owner as string, label as string]);
  }
  return paths;
}

/** Whether the labels hold all of the pattern. */
export function fitsLabels(labels: Readonly<Record<string, string>>, pattern: LabelPattern): boolean {
  return Object.entries(pattern).every(
    ([name, value]) => Object.hasOwn(labels, name) && (value === '*' || labels[name] === value),
  );
}

/** The values of one subject, made when a rule first asks for them. */
export function valuesOf(subject: Subject): () => ValueScope {
  let scope: ValueScope | undefined;
  return () => {
    scope ??= {
      inputs: {},
      nodeOutputs: () => undefined,
      variables: { object: objectOf(subject), facts: factsOf(subject) } satisfies Record<string, JsonObject>,
    };
    return scope;
  };
}

/** Judges a subject, whose kind the program is for, by a rule. What that costs is added to `meter`. */
export function judge(program: RuleProgram, subject: Subject, values: () => ValueScope, meter: Meter): Verdict {
  const { rule, condition, assert, message } = program;
  const { labels } = subject.definition;
  if (rule.match.labels !== undefined && !fitsLabels(labels, rule.match.labels)) return { kind: 'kept' };
  if (rule.except !== undefined && fitsLabels(labels, rule.except.labels)) return { kind: 'kept' };
  for (const [expression, isBroken] of [[condition, false] as const, [assert, true] as const]) {
    if (expression === undefined) continue;
    meter.steps += 1;
    const result = expression.evaluate(values(), meter);
    if (!result.ok) return { kind: 'failed', message: result.problem.message };
    if (result.value !== true && !isBroken) return { kind: 'kept' };
    if (result.value === true && isBroken) return { kind: 'kept' };
  }
  const told = message(values(), meter);
  if (!told.ok) return { kind: 'failed', message: told.problem.message };
  return { kind: 'broken', message: textOf(told.value.message) };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
