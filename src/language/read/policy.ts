import type { Json, JsonObject } from '../../base/index.ts';
import type { DefinitionKind, Path, PolicyRule, PolicySpec } from '../document.ts';
import { objectOf, present, type Reader, textOf, textsOf } from './reader.ts';
import { texts } from './texts.ts';

export function readPolicy(reader: Reader, spec: JsonObject): PolicySpec {
  const given = Array.isArray(spec.rules) ? spec.rules : [];
  const rules = given.map((rule: Json) => readRule(objectOf(rule)));
  checkNamesDiffer(reader, rules);
  return present<PolicySpec>({ description: textOf(spec.description), rules });
}

function readRule(rule: JsonObject): PolicyRule {
  const match = objectOf(rule.match);
  const kinds = textsOf(match.kinds) as readonly DefinitionKind[];
  return present<PolicyRule>({
    name: textOf(rule.name) ?? '',
    match: present<PolicyRule['match']>({
      kinds: kinds.length === 0 ? undefined : kinds,
      labels: match.labels === undefined ? undefined : texts(match.labels),
      expression: textOf(match.expression),
    }),
    assert: textOf(rule.assert) ?? '',
    message: textOf(rule.message) ?? '',
    severity: rule.severity === 'warning' ? 'warning' : 'error',
    except: rule.except === undefined ? undefined : { labels: texts(objectOf(rule.except).labels) },
  });
}

/** Findings and `# pipectl: ignore` name a rule, so one name is one rule. */
function checkNamesDiffer(reader: Reader, rules: readonly PolicyRule[]): void {
  const seen = new Set<string>();
  rules.forEach(({ name }, at) => {
    const path: Path = ['spec', 'rules', at, 'name'];
    if (seen.has(name))
      reader.tell('PIPE-POLICY-005', `the policy has two rules named "${name}"`, path, { help: 'rename one of them' });
    seen.add(name);
  });
}
