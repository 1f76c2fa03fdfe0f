import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

/** A policy of these rules beside a schedule that ticks every five minutes, and what that runs. */
function withPolicy(rules: readonly (readonly string[])[], every = '5m'): string {
  return example(
    'kind: Policy',
    'metadata: { name: limits }',
    'spec:',
    '  rules:',
    ...rules.flatMap((rule) => rule.map((line, at) => `    ${at === 0 ? '- ' : '  '}${line}`)),
    '---',
    'kind: Workflow',
    'metadata: { name: hello }',
    'spec: { outputs: { text: "${{ nodes.say.outputs.text }}" }, nodes: { say: { compute: { text: hello } } } }',
    '---',
    'kind: LaunchPlan',
    'metadata: { name: hello }',
    'spec: { workflow: hello }',
    '---',
    'kind: Schedule',
    'metadata: { name: hello }',
    `spec: { launchPlan: hello, every: ${every} }`,
  );
}

function hourly(severity: string): readonly string[] {
  return [
    'name: hourly-at-most',
    'match: { kinds: [Schedule] }',
    'assert: facts.minIntervalSeconds >= 3600',
    'message: a schedule ticks once an hour at most',
    `severity: ${severity}`,
  ];
}

/** A rule about schedules. */
function rule(name: string, assert: string): readonly string[] {
  return [`name: ${name}`, 'match: { kinds: [Schedule] }', `assert: ${assert}`, 'message: name the team in a label'];
}

/** What policies find, and what is wrong with policies themselves. */
export const POLICY_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-POLICY-001',
    severity: 'error',
    title: 'a definition breaks a rule of a policy',
    explanation:
      'A document of kind Policy in the same commit has a rule whose `assert` is not true of this definition. The message is the one that the rule gives; the related place is the rule. Change the definition, or give it a label that the rule lets off under `except`, when it has one.',
    wrong: withPolicy([hourly('error')]),
    right: withPolicy([hourly('error')], '1h'),
  },
  {
    code: 'PIPE-POLICY-002',
    severity: 'warning',
    title: 'a definition breaks a rule of severity warning',
    explanation:
      'As PIPE-POLICY-001, by a rule with `severity: warning`: the commit is accepted. `# pipectl: ignore PIPE-POLICY-002` on the line silences it.',
    wrong: withPolicy([hourly('warning')]),
    right: withPolicy([hourly('warning')], '1h'),
  },
  {
    code: 'PIPE-POLICY-003',
    severity: 'error',
    title: 'a rule cannot be evaluated',
    explanation:
      'A rule is typed when it is compiled, but a key of a map may be missing, an index out of bounds, or the expression may take too many steps. A rule that says neither yes nor no of a definition protects nothing, so the commit is refused: let the rule test what may be missing.',
    wrong: withPolicy([rule('team', 'object.metadata.labels.team == "data"')]),
    right: withPolicy([rule('team', `"!('team' in object.metadata.labels) || object.metadata.labels.team == 'data'"`)]),
  },
  {
    code: 'PIPE-POLICY-004',
    severity: 'error',
    title: 'the policies of a commit take too long',
    explanation:
      'All rules over all definitions share one budget of steps, so that no push can hold up the control plane. Loops over long lists and regular expressions cost most: let rules match fewer definitions, or make them simpler.',
    wrong: '# a policy of many rules that each loop over a list in a loop over a list',
    right: withPolicy([rule('team', 'range(9).all(a, a >= 0 || object.spec.active)')]),
    wrongBytes: () => {
      const slow = 'range(900).all(a, range(900).all(b, a + b >= 0))';
      const rules = Array.from({ length: 8 }, (_, at) => rule(`team-${at}`, slow));
      return new TextEncoder().encode(withPolicy(rules));
    },
  },
  {
    code: 'PIPE-POLICY-005',
    severity: 'error',
    title: 'two rules of a policy have one name',
    explanation: 'Findings name the rule that they come from, so each rule of a policy has a name of its own.',
    wrong: withPolicy([rule('team', 'object.spec.active'), rule('team', 'object.spec.timeZone == "UTC"')]),
    right: withPolicy([rule('active', 'object.spec.active'), rule('utc', 'object.spec.timeZone == "UTC"')]),
  },
];
