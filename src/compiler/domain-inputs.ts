import type { Json } from '../base/index.ts';
import {
  compileRenderer,
  type TemplateProblem,
  type TemplateSyntax,
  type TypeScope,
  templateDomainValues,
  templateReferences,
  typeTemplate,
} from '../language/expression/index.ts';
import {
  checkValue,
  type DefinitionOf,
  didYouMean,
  JSON_TYPE,
  type Path,
  STRING,
  type Type,
} from '../language/index.ts';
import type { ProjectSettings } from './contract.ts';
import { projectDocument, valueTypes } from './domain-settings.ts';
import { recordType, tellExpressionProblem } from './typing.ts';
import { isTracked } from './variants.ts';
import { tellTo, type Workspace } from './workspace.ts';

/** An input whose value is an expression over the domain. */
export interface DomainInput {
  readonly definition: DefinitionOf<'LaunchPlan' | 'Schedule'>;
  readonly path: Path;
  readonly name: string;
  readonly syntax: TemplateSyntax;
  readonly type: Type;
  /** Nobody can give it by hand, where a domain does not. */
  readonly isFixed: boolean;
  /** Where its definition is active. */
  readonly domains: readonly string[];
}

/** Its value in each domain that gives what it reads, and the names that it reads. */
export interface DomainValues {
  readonly byDomain: ReadonlyMap<string, Json>;
  readonly names: ReadonlySet<string>;
}

/**
 * Evaluates an input for each domain, and checks what comes out as if it stood there: all values are part of the commit, so
 * nothing of it is left to fail when it is launched. Undefined when something is wrong, which is told, or must be read first.
 */
export function evaluateByDomain(workspace: Workspace, input: DomainInput): DomainValues | undefined {
  const { project } = workspace.settings;
  if (project === undefined || !isOfDomain(workspace, input)) return undefined;
  const { syntax, definition, path, domains } = input;
  const tell = tellTo(workspace);
  const problems: TemplateProblem[] = [];
  const types = valueTypes(project);
  const typed = typeTemplate(syntax, JSON_TYPE, scopeOf(types), (problem) => problems.push(problem));
  for (const problem of problems) tellExpressionProblem(tell, definition, withHelp(problem, types), path);
  if (typed === undefined || problems.length > 0) return undefined;
  const read = templateDomainValues(syntax);
  const names = read.has('*') ? new Set([...read, ...types.keys()]) : read;
  const render = compileRenderer({ value: typed.template }, new Map([['value', JSON_TYPE]]), scopeOf(types));
  if (render.kind === 'error') return undefined;
  const byDomain = new Map<string, Json>();
  let isRight = true;
  for (const domain of domains) {
    const values = project.domains[domain]?.values ?? {};
    const missing = [...names].filter((name) => name !== '*' && !Object.hasOwn(values, name));
    if (missing.length > 0) {
      if (isTracked(project, domain) || input.isFixed)
        isRight = tellMissing(workspace, input, domain, missing) && isRight;
      continue;
    }
    const result = render.render({
      inputs: {},
      nodeOutputs: () => undefined,
      variables: { domain: { name: domain, values } },
    });
    const checked = result.ok ? checkValue(result.value.value as Json, input.type) : undefined;
    if (checked?.kind === 'ok') {
      byDomain.set(domain, checked.value);
      continue;
    }
    isRight = false;
    const why = result.ok ? checked?.problems[0]?.message : result.problem.message;
    tellUnfit(workspace, input, domain, names, why ?? 'it does not fit');
  }
  return isRight ? { byDomain, names } : undefined;
}

/** Nothing has run yet when something is launched. */
function isOfDomain(workspace: Workspace, { syntax, definition, path }: DomainInput): boolean {
  const { inputs, nodes, variables } = templateReferences(syntax);
  const later = [
    ...(inputs.size > 0 ? ['inputs'] : []),
    ...(nodes.size > 0 ? ['nodes'] : []),
    ...['inputs', 'nodes', 'execution', 'item', 'index', 'error'].filter((name) => variables.has(name)),
  ];
  const [first] = later;
  if (first === undefined) return true;
  const message = `"${first}" cannot be read here: a launch has nothing before it`;
  const help = 'domain.name and domain.values.NAME can';
  tellTo(workspace)('PIPE-DOMAIN-011', message, definition.placeOf(path), { help });
  return false;
}

function scopeOf(types: ReadonlyMap<string, Type>): TypeScope {
  const domain = recordType([
    ['name', STRING],
    ['values', recordType(types)],
  ]);
  return { inputs: recordType([]), nodes: new Map(), variables: new Map([['domain', domain]]) };
}

/** A name that no domain has is told as that, whatever else there is. */
function withHelp(problem: TemplateProblem, types: ReadonlyMap<string, Type>): TemplateProblem {
  const missing = /^there is no field "([^"]*)" (?:in|here)/.exec(problem.message)?.[1];
  if (problem.kind !== 'name' && missing === undefined) return problem;
  if (missing === undefined) return problem;
  const known = [...types.keys()];
  const help =
    didYouMean(missing, known) ??
    (known.length === 0
      ? 'give it in pipectl.yaml, under spec.domains.<name>.values'
      : `known are ${known.join(', ')}`);
  return { ...problem, message: `no domain has a value "${missing}"`, help };
}

/** False always, once the place can be shown. */
function tellMissing(workspace: Workspace, input: DomainInput, domain: string, missing: readonly string[]): boolean {
  const { definition, path } = input;
  const document = projectDocument(workspace);
  const named = missing.map((name) => `"${name}"`).join(' and ');
  const message = `domain ${domain} gives no value ${named}`;
  const related =
    document === undefined
      ? []
      : [{ message: `the domain is declared here`, ...document.placeOfKey(['spec', 'domains', domain]) }];
  const help = `add it to spec.domains.${domain}.values of pipectl.yaml`;
  tellTo(workspace)('PIPE-DOMAIN-005', message, definition.placeOf(path), { help, related });
  return false;
}

function tellUnfit(
  workspace: Workspace,
  { definition, path, name }: DomainInput,
  domain: string,
  names: ReadonlySet<string>,
  why: string,
): void {
  const project = workspace.settings.project as ProjectSettings;
  const values = project.domains[domain]?.values ?? {};
  const document = projectDocument(workspace);
  const related =
    document === undefined
      ? []
      : [...names]
          .filter((value) => Object.hasOwn(values, value))
          .map((value) => ({
            message: `"${value}" of ${domain}`,
            ...document.placeOf(['spec', 'domains', domain, 'values', value]),
          }));
  const message = `in domain ${domain} the input "${name}" does not fit: ${why}`;
  tellTo(workspace)('PIPE-DOMAIN-010', message, definition.placeOf(path), { related });
}
