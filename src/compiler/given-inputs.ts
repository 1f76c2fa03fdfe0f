import type { Json } from '../base/index.ts';
import { parseTemplate, type TemplateProblem, type TemplateSyntax } from '../language/expression/index.ts';
import { checkValue, type DefinitionOf, didYouMean, type Path } from '../language/index.ts';
import type { ClosureParameter } from './closure.ts';
import { evaluateByDomain } from './domain-inputs.ts';
import { interfaceType } from './launch.ts';
import { recordOf } from './record.ts';
import { tellExpressionProblem } from './typing.ts';
import { activeDomains, namespaceOf } from './variants.ts';
import { type Made, tellTo, type Workspace } from './workspace.ts';

/** Whose inputs are given, for messages. */
export interface InputOwner {
  readonly owner: string;
  readonly parameters: Readonly<Record<string, ClosureParameter>>;
  /** Nobody can give them by hand. */
  readonly isFixed: boolean;
  /** Where they are given; absent: wherever the definition is active. */
  readonly domains?: readonly string[];
}

/** Values for inputs, normalised. */
export interface GivenInputs {
  /** Those that are the same everywhere. */
  readonly same: ReadonlyMap<string, Json>;
  /** Those that are not: input → namespace → value. */
  readonly byNamespace: ReadonlyMap<string, Readonly<Record<string, Json>>>;
  /** Names of `domain.values` that they read. */
  readonly values: ReadonlySet<string>;
}

/** Values given for an interface: each must be an input of its type. Undefined when one is wrong. */
export function checkGiven(
  workspace: Workspace,
  definition: DefinitionOf<'LaunchPlan' | 'Schedule'>,
  path: Path,
  given: ReadonlyMap<string, Json>,
  target: InputOwner,
): GivenInputs | undefined {
  const { owner, parameters } = target;
  const tell = tellTo(workspace);
  const same = new Map<string, Json>();
  const byNamespace = new Map<string, Readonly<Record<string, Json>>>();
  const values = new Set<string>();
  for (const [name, value] of given) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) {
      const help = didYouMean(name, Object.keys(parameters));
      tell('PIPE-INPUT-002', `${owner} has no input "${name}"`, definition.placeOfKey([...path, name]), { help });
      continue;
    }
    const problems: TemplateProblem[] = [];
    const syntax = parseTemplate(value, (problem) => problems.push(problem));
    for (const problem of problems) tellExpressionProblem(tell, definition, problem, [...path, name]);
    if (problems.length > 0) continue;
    if (syntax.kind !== 'literal') {
      const evaluated = evaluateInput(workspace, definition, [...path, name], { syntax, parameter, target });
      if (evaluated === undefined) continue;
      byNamespace.set(name, evaluated.byNamespace);
      for (const read of evaluated.names) values.add(read);
      continue;
    }
    const result = checkValue(value, interfaceType(parameter.type));
    if (result.kind === 'ok') same.set(name, result.value);
    else {
      for (const problem of result.problems) {
        const help = problem.help ?? `the type of "${name}" is ${parameter.type}`;
        tell('PIPE-INPUT-003', problem.message, definition.placeOf([...path, name, ...problem.path]), { help });
      }
    }
  }
  return same.size + byNamespace.size === given.size ? { same, byNamespace, values } : undefined;
}

function evaluateInput(
  workspace: Workspace,
  definition: DefinitionOf<'LaunchPlan' | 'Schedule'>,
  path: Path,
  input: { readonly syntax: TemplateSyntax; readonly parameter: ClosureParameter; readonly target: InputOwner },
): { readonly byNamespace: Readonly<Record<string, Json>>; readonly names: ReadonlySet<string> } | undefined {
  const { syntax, parameter, target } = input;
  const { project } = workspace.settings;
  const evaluated = evaluateByDomain(workspace, {
    definition,
    path,
    name: String(path.at(-1)),
    syntax,
    type: interfaceType(parameter.type),
    isFixed: target.isFixed,
    domains: target.domains ?? activeDomains(workspace, definition),
  });
  if (evaluated === undefined || project === undefined) return undefined;
  const { byDomain, names } = evaluated;
  return {
    byNamespace: recordOf([...byDomain].map(([domain, value]) => [namespaceOf(project, domain), value] as const)),
    names,
  };
}

/** What an index entry says of the values that a definition reads. */
export function valuesRead(...given: readonly GivenInputs[]): Pick<Extract<Made, { kind: 'ok' }>, 'values'> {
  if (given.every(({ byNamespace }) => byNamespace.size === 0)) return {};
  return { values: [...new Set(given.flatMap(({ values }) => [...values]))].sort() };
}
