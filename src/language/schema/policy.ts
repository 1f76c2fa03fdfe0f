import { MAX_EXPRESSION_LENGTH, MAX_POLICY_RULES } from '../../base/index.ts';
import type { DefinitionKind } from '../document.ts';
import { DESCRIPTION, LABEL_KEY, record, ref, type Schema } from './parts.ts';

const labels: Schema = {
  type: 'object',
  propertyNames: LABEL_KEY,
  description: 'Labels that the definition has, all of them; `*` stands for any value.',
  additionalProperties: {
    type: 'string',
    title: 'label value',
    pattern: '^(\\*|([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?)$',
    description: 'A label value, or `*` for any.',
  },
  minProperties: 1,
  maxProperties: 64,
  examples: [{ team: 'data' }, { 'example.com/experiment': '*' }],
};

const expression: Schema = { type: 'string', minLength: 1, maxLength: MAX_EXPRESSION_LENGTH };

/** The spec of a policy; `kinds` are those that a rule may be about. */
export function policySchema(kinds: readonly DefinitionKind[]): Schema {
  const match = record(
    'Which definitions the rule is about: those that fit all that is given.',
    {
      kinds: {
        type: 'array',
        items: { enum: kinds, title: 'kind', description: 'A kind of definition.' },
        minItems: 1,
        uniqueItems: true,
        description: 'Of these kinds; of any kind when absent.',
        examples: [['Task'], ['LaunchPlan', 'Schedule']],
      },
      labels,
      expression: {
        ...expression,
        description: 'CEL over `object` and `facts` that gives true or false.',
        examples: ['object.spec.active'],
      },
    },
    { examples: [{ kinds: ['Schedule'], labels: { team: 'data' } }] },
  );
  const except = record(
    'Which of them are let off: those that fit.',
    { labels },
    { required: ['labels'], examples: [{ labels: { 'example.com/backfill': '*' } }] },
  );
  const rule = record(
    'What must be true of each definition that the rule is about.',
    {
      name: ref('name'),
      match,
      assert: {
        ...expression,
        description: 'CEL over `object` and `facts` that gives true where the rule is kept.',
        examples: ['facts.minIntervalSeconds >= 3600', '"team" in object.metadata.labels'],
      },
      message: {
        type: 'string',
        minLength: 1,
        maxLength: 1000,
        description: 'What the author of a definition that breaks the rule is told; may hold `${{ … }}`.',
        examples: ['a schedule ticks once an hour at most; this one every ${{ facts.minIntervalSeconds }} seconds'],
      },
      severity: {
        enum: ['error', 'warning'],
        default: 'error',
        description: '`error` rejects the commit; `warning` is told.',
      },
      except,
    },
    { title: 'rule', required: ['name', 'assert', 'message'] },
  );
  return record(
    'Rules that every commit of the project keeps.',
    {
      description: DESCRIPTION,
      rules: {
        type: 'array',
        items: rule,
        minItems: 1,
        maxItems: MAX_POLICY_RULES,
        description: 'The rules, each with a name of its own.',
        examples: [
          [{ name: 'owned', assert: '"team" in object.metadata.labels', message: 'say whose it is: label team' }],
        ],
      },
    },
    { required: ['rules'] },
  );
}
