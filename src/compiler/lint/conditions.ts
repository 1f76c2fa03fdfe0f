import { constantCondition, scanTemplate } from '../../language/expression/index.ts';
import type { Definition, DefinitionOf, Path, ValueTemplate } from '../../language/index.ts';
import type { Tell } from '../findings.ts';
import { bareExpression } from '../policy-rule.ts';

const POLICY_NAMES = ['object', 'facts'];
const WORKFLOW_NAMES = ['inputs', 'nodes', 'execution', 'item', 'index', 'error'];

/** Warns of rules of a policy that do not depend on what they are about. */
export function lintRules(tell: Tell, policy: DefinitionOf<'Policy'>): void {
  policy.spec.rules.forEach(({ match, assert }, at) => {
    const path = ['spec', 'rules', at];
    const parts = [['assert', assert] as const, ['expression', match.expression] as const];
    for (const [field, text] of parts) {
      if (text === undefined) continue;
      const result = constantCondition(bareExpression(text).source, POLICY_NAMES);
      if (result !== undefined)
        tellConstant(tell, policy, [...path, ...(field === 'assert' ? [] : ['match']), field], result);
    }
  });
}

/** Warns of conditions of nodes, branches and handlers that do not depend on any value. */
export function lintConditions(tell: Tell, workflow: DefinitionOf<'Workflow'>): void {
  const { nodes, onFailure } = workflow.spec;
  lintCondition(tell, workflow, onFailure?.when, ['spec', 'onFailure', 'when']);
  for (const node of nodes.values()) {
    const path = ['spec', 'nodes', node.id];
    lintCondition(tell, workflow, node.when, [...path, 'when']);
    if (node.kind !== 'switch') continue;
    for (const [at, { when }] of node.switch.entries())
      lintCondition(tell, workflow, when, [...path, 'switch', at, 'when']);
  }
}

function lintCondition(tell: Tell, definition: Definition, when: ValueTemplate | undefined, path: Path): void {
  if (when === undefined) return;
  const result = typeof when === 'boolean' ? when : constantText(when);
  if (result !== undefined) tellConstant(tell, definition, path, result);
}

function constantText(when: ValueTemplate): boolean | undefined {
  if (typeof when !== 'string') return undefined;
  const scanned = scanTemplate(when);
  const [part, ...others] = scanned.kind === 'error' ? [] : scanned.parts;
  if (part === undefined || part.kind === 'text' || others.length > 0) return undefined;
  return constantCondition(part.source, WORKFLOW_NAMES);
}

function tellConstant(tell: Tell, definition: Definition, path: Path, result: boolean): void {
  tell('PIPE-LINT-010', `this condition is always ${result}`, definition.placeOf(path), {
    help: 'take it away, or let it read what it is to depend on',
  });
}
