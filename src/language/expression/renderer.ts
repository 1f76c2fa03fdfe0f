import type { Json, JsonObject } from '../../base/index.ts';
import type { Type } from '../type.ts';
import type { TypeScope } from './compile.ts';
import { evaluateStep, type Meter } from './expression.ts';
import type { Evaluated } from './problem.ts';
import { EvaluationFailure, fail, type Step, type ValueScope } from './run.ts';
import { type Template, templateSyntax } from './template.ts';
import { typeTemplate } from './typed-template.ts';

/** Makes the values of several named templates, under one budget. */
export type Renderer = (scope: ValueScope, meter?: Meter) => Evaluated<JsonObject>;

export type RendererResult =
  | { readonly kind: 'ok'; readonly render: Renderer }
  /** A stored template that does not fit its types: it was not made by this compiler. */
  | { readonly kind: 'error'; readonly message: string };

/**
 * Compiles stored templates for running. `types` has the type of each; a template without one gets what it infers. Values in
 * the object store fail, but where `handsOn` says that they may come out, of a template that is an output of a node as it is.
 */
export function compileRenderer(
  templates: Readonly<Record<string, Template>>,
  types: ReadonlyMap<string, Type>,
  scope: TypeScope,
  handsOn = false,
): RendererResult {
  const steps: NamedStep[] = [];
  const problems: string[] = [];
  for (const [name, template] of Object.entries(templates)) {
    const report = (problem: { readonly message: string }) => problems.push(`${name}: ${problem.message}`);
    const typed = typeTemplate(templateSyntax(template, report), types.get(name), scope, report);
    if (typed !== undefined) steps.push({ name, step: typed.step, handsOn: handsOn && typed.isOutput === true });
  }
  if (problems.length > 0) return { kind: 'error', message: problems.join('; ') };
  const step = recordStep(steps);
  return { kind: 'ok', render: (values, meter) => evaluateStep('', step, values, meter) as Evaluated<JsonObject> };
}

interface NamedStep {
  readonly name: string;
  readonly step: Step;
  readonly handsOn: boolean;
}

function recordStep(steps: readonly NamedStep[]): Step {
  return (run) => {
    const record: Record<string, Json> = Object.create(null);
    for (const { name, step, handsOn } of steps) {
      run.handsOn = handsOn;
      try {
        record[name] = step(run);
      } catch (error) {
        if (error instanceof EvaluationFailure) fail(`${name}: ${error.message}`);
        throw error;
      }
    }
    return record;
  };
}
