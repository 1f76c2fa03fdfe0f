import { DEFINITION_KINDS, type DefinitionKind, type DefinitionOf, type PolicyRule } from '../language/index.ts';
import type { PolicyClosure } from './closure.ts';
import { compileRule, type RuleProblem } from './policy-rule.ts';
import { recordOf } from './record.ts';
import { type Made, tellTo, type Workspace } from './workspace.ts';

type Policy = DefinitionOf<'Policy'>;

/** Compiles a policy: every expression of every rule, typed for each kind that the rule is about. */
export function compilePolicy(workspace: Workspace, policy: Policy): Made {
  const { description, rules } = policy.spec;
  const areRight = rules.map((rule, at) => checkRule(workspace, policy, rule, at));
  if (areRight.includes(false)) return { kind: 'failed' };
  const told = description ?? policy.description;
  const closure: PolicyClosure = {
    kind: 'Policy',
    name: policy.name,
    ...(told === undefined ? {} : { description: told }),
    rules: rules.map(ruleClosure),
  };
  return { kind: 'ok', closure, refs: [], folders: [] };
}

function ruleClosure({ match, except, ...rule }: PolicyRule): PolicyClosure['rules'][number] {
  const { kinds, labels, expression } = match;
  return {
    ...rule,
    match: {
      ...(kinds === undefined ? {} : { kinds }),
      ...(labels === undefined ? {} : { labels: recordOf(Object.entries(labels)) }),
      ...(expression === undefined ? {} : { expression }),
    },
    ...(except === undefined ? {} : { except: { labels: recordOf(Object.entries(except.labels)) } }),
  };
}

/** The kinds that a rule is about. */
export function kindsOf({ match }: PolicyRule): readonly DefinitionKind[] {
  return match.kinds ?? DEFINITION_KINDS;
}

const CODES: Readonly<Record<RuleProblem['problem']['kind'], string>> = {
  syntax: 'PIPE-EXPR-002',
  name: 'PIPE-EXPR-003',
  type: 'PIPE-EXPR-004',
  forbidden: 'PIPE-EXPR-005',
};

/** Tells each problem once, with the kinds that have it where others do not. */
function checkRule(workspace: Workspace, policy: Policy, rule: PolicyRule, at: number): boolean {
  const kinds = kindsOf(rule);
  const found = new Map<string, { readonly problem: RuleProblem; readonly kinds: DefinitionKind[] }>();
  for (const kind of kinds) {
    const result = compileRule(rule, kind);
    if (result.kind === 'ok') continue;
    for (const problem of result.problems) {
      const key = JSON.stringify(problem);
      const same = found.get(key) ?? { problem, kinds: [] };
      same.kinds.push(kind);
      found.set(key, same);
    }
  }
  for (const {
    problem: { path, problem, range },
    kinds: having,
  } of found.values()) {
    const isOfAll = having.length === kinds.length;
    const message = isOfAll ? problem.message : `for ${having.join(' and ')}: ${problem.message}`;
    const help = isOfAll ? problem.help : (problem.help ?? 'name the kinds that the rule is about in match.kinds');
    tellTo(workspace)(CODES[problem.kind], message, policy.placeOf(['spec', 'rules', at, ...path], range), { help });
  }
  return found.size === 0;
}
