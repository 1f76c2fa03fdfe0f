import { MAX_POLICY_STEPS } from '../base/index.ts';
import type { Meter } from '../language/expression/index.ts';
import type { Definition, DefinitionKind, DefinitionOf, Path, Place } from '../language/index.ts';
import { kindsOf } from './policy.ts';
import type { Subject } from './policy-object.ts';
import { compileRule, judge, type RuleProgram, valuesOf } from './policy-rule.ts';
import type { Slices } from './slices.ts';
import { tellTo, type Workspace } from './workspace.ts';

/** A rule with the policy that it stands in. */
interface Placed {
  readonly program: RuleProgram;
  readonly policy: DefinitionOf<'Policy'>;
  readonly at: number;
}

/**
 * Judges definitions by policies and tells what breaks a rule. Rules and definitions together take at most
 * MAX_POLICY_STEPS; past them one error is told and the rest is not judged.
 */
export function* reviewByPolicies(
  workspace: Workspace,
  policies: readonly DefinitionOf<'Policy'>[],
  subjects: Iterable<Subject>,
): Slices<void> {
  const review = policyReview(workspace, policies);
  if (review.isEmpty) return;
  const meter: Meter = { steps: 0 };
  for (const subject of subjects) {
    if (!(yield* review.judge(subject, meter))) return;
  }
}

/** Policies made ready to judge definitions. */
export interface PolicyReview {
  /** There are no policies. */
  readonly isEmpty: boolean;
  /** Tells which rules one definition breaks, a slice for each rule. False when the meter has come to its end, which is told. */
  judge(subject: Subject, meter: Meter): Slices<boolean>;
}

/** Policies to judge one definition after another by. */
export function policyReview(workspace: Workspace, policies: readonly DefinitionOf<'Policy'>[]): PolicyReview {
  const programs = new Map<DefinitionKind, readonly Placed[]>();
  function* judgeOne(subject: Subject, meter: Meter): Slices<boolean> {
    const { kind } = subject.definition;
    const placed = programs.get(kind) ?? programsFor(policies, kind);
    programs.set(kind, placed);
    const values = valuesOf(subject);
    for (const one of placed) {
      yield;
      tellVerdict(workspace, one, subject.definition, judge(one.program, subject, values, meter));
      if (meter.steps <= MAX_POLICY_STEPS) continue;
      const message = `the policies of this commit take more than ${MAX_POLICY_STEPS} steps: not every definition was judged`;
      const help = `rule "${one.program.rule.name}" was the last one; narrow what rules match, or make their expressions simpler`;
      tellTo(workspace)('PIPE-POLICY-004', message, rulePlace(one), { help });
      return false;
    }
    return true;
  }
  return { isEmpty: policies.length === 0, judge: judgeOne };
}

/** Rules that were told not to compile are left out. */
function programsFor(policies: readonly DefinitionOf<'Policy'>[], kind: DefinitionKind): readonly Placed[] {
  return policies.flatMap((policy) =>
    policy.spec.rules.flatMap((rule, at) => {
      if (!kindsOf(rule).includes(kind)) return [];
      const result = compileRule(rule, kind);
      return result.kind === 'ok' ? [{ program: result.program, policy, at }] : [];
    }),
  );
}

function tellVerdict(
  workspace: Workspace,
  placed: Placed,
  definition: Definition,
  verdict: ReturnType<typeof judge>,
): void {
  if (verdict.kind === 'kept') return;
  const { rule, paths } = placed.program;
  const named = `rule "${rule.name}" of policy "${placed.policy.name}"`;
  const related = [{ message: named, ...rulePlace(placed) }];
  const tell = tellTo(workspace);
  if (verdict.kind === 'broken') {
    const code = rule.severity === 'error' ? 'PIPE-POLICY-001' : 'PIPE-POLICY-002';
    tell(code, verdict.message, placeOfAny(definition, paths), { related });
    return;
  }
  const message = `${named} cannot be evaluated for ${definition.kind} "${definition.name}": ${verdict.message}`;
  const help = 'let the rule test what may be missing, for example: "team" in object.metadata.labels && …';
  tell('PIPE-POLICY-003', message, rulePlace(placed), {
    help,
    related: [{ message: `${definition.kind} "${definition.name}"`, ...definition.declaredAt() }],
  });
}

function rulePlace({ policy, at }: Placed): Place {
  return policy.placeOf(['spec', 'rules', at, 'name']);
}

/** The first path that the definition writes, as far down as it does; else its name. */
function placeOfAny(definition: Definition, paths: readonly Path[]): Place {
  const whole = [definition.placeOf([]), definition.placeOf(['spec']), definition.placeOf(['metadata'])].map(startOf);
  for (const path of paths) {
    const place = definition.placeOf(path);
    if (!whole.includes(startOf(place))) return place;
  }
  return definition.declaredAt();
}

function startOf({ span }: Place): string {
  return `${span.line}:${span.column}-${span.endLine}:${span.endColumn}`;
}
