/**
 * expression: `${{ … }}` in values, and the CEL inside.
 * Owns scanning, typing and evaluation; cel-js gives the syntax tree, all else is ours, over JSON in `checkValue`'s encoding.
 * Must not read anything but the scope it is given. Keeps: what was typed does not fail on types; every evaluation ends
 * within MAX_EXPRESSION_STEPS; no pattern backtracks; a failure is a result, never a throw.
 */
export { canonicalTemplate, canonicalValue, type NodeName } from './canonical.ts';
export type { TypeScope } from './compile.ts';
export { constantCondition } from './constant.ts';
export { compileExpression, type Expression, type ExpressionResult, type Meter } from './expression.ts';
export { presentWhen } from './narrowing.ts';
export type { Evaluated, EvaluationProblem, ExpressionProblem } from './problem.ts';
export type { References } from './references.ts';
export { compileRenderer, type Renderer, type RendererResult } from './renderer.ts';
export type { ValueScope } from './run.ts';
export { hasExpression, type ScannedPart, type ScanResult, scanTemplate } from './scan.ts';
export {
  parseTemplate,
  type Template,
  type TemplateProblem,
  type TemplateSyntax,
  templateDomainValues,
  templateReferences,
  templateSyntax,
} from './template.ts';
export { type TypedTemplate, typeTemplate } from './typed-template.ts';
export { coercion, isNever, joinTypes } from './typing.ts';
