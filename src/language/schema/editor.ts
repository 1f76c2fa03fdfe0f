import { yaml } from '../yaml-library.ts';
import { withAlternatives } from './alternatives.ts';
import { DEFINITION_KINDS, KIND_SCHEMAS } from './kinds.ts';
import type { Schema } from './parts.ts';
import { SNIPPETS } from './snippets.ts';

/**
 * A schema with what editors show beyond the rules: a title for each field, a meaning for each word of an enum, and
 * snippets. Validation does without them. `enumDescriptions`, `markdownDescription` and `defaultSnippets` are keywords of
 * the JSON and YAML language servers that VS Code and others use; JSON Schema lets unknown keywords be.
 */
export function forEditors(schema: Schema): Schema {
  return decorated(withPartExamples(schema, (schema.$defs ?? {}) as Readonly<Record<string, Schema>>), undefined);
}

/** Keywords added here, for validators that refuse what they do not know. */
export const EDITOR_KEYWORDS = ['enumDescriptions', 'markdownDescription', 'defaultSnippets', 'doNotSuggest'] as const;

function decorated(plain: Schema, field: string | undefined): Schema {
  if (plain.doNotSuggest === true) return plain;
  const schema = withAlternatives(plain);
  const meanings = Array.isArray(schema.enum) ? ENUM_MEANINGS[schema.enum.join(' ')] : undefined;
  const named = field ?? schema.title;
  const snippets = typeof named === 'string' && Object.hasOwn(SNIPPETS, named) ? SNIPPETS[named]! : [];
  return withExamples({
    ...eachWithin(schema, decorated),
    // Beside a reference, `description` loses to the other's `markdownDescription`.
    ...('$ref' in schema && schema.description !== undefined && { markdownDescription: schema.description }),
    // The header of a hover: `failurePolicy` says more than the name of the part that it is made of.
    ...(field !== undefined && { title: field }),
    ...(meanings !== undefined && { enumDescriptions: meanings }),
    // Types are offered where one is to stand, not among the fields of the long form.
    ...(named === 'parameter' && { oneOf: [{ type: 'string', defaultSnippets: SNIPPETS.type }, { type: 'object' }] }),
    ...(snippets.length > 0 && !('defaultSnippets' in schema) && { defaultSnippets: snippets }),
  });
}

/**
 * A schema whose references with a description of their own have the examples of the part too: its description, in which
 * they are shown, is not.
 */
function withPartExamples(schema: Schema, parts: Readonly<Record<string, Schema>>): Schema {
  const { $ref, description, examples } = schema;
  const inherited =
    typeof $ref === 'string' && description !== undefined && examples === undefined
      ? parts[$ref.replace('#/$defs/', '')]?.examples
      : undefined;
  return {
    ...eachWithin(schema, (inner) => withPartExamples(inner, parts)),
    ...(inherited !== undefined && { examples: inherited }),
  };
}

/** Changes the schemas right within a schema. Values of `enum`, `const`, `default` and `examples` are none. */
function eachWithin(schema: Schema, change: Change): Schema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, changed(keyword, value, change)]),
  );
}

/** The field is given for the schema of a property. */
type Change = (schema: Schema, field: string | undefined) => Schema;

function changed(keyword: string, value: unknown, change: Change): unknown {
  switch (keyword) {
    case 'properties':
      return mapped(value as Schema, change);
    case '$defs':
      return mapped(value as Schema, (schema) => change(schema, undefined));
    case 'oneOf':
    case 'anyOf':
    case 'allOf':
      return (value as readonly Schema[]).map((schema) => change(schema, undefined));
    case 'items':
    case 'additionalProperties':
    case 'propertyNames':
    case 'if':
    case 'then':
      return typeof value === 'object' ? change(value as Schema, undefined) : value;
    default:
      return value;
  }
}

function mapped(schemas: Schema, change: (schema: Schema, name: string) => Schema): Schema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      typeof schema === 'object' ? change(schema as Schema, name) : schema,
    ]),
  );
}

/**
 * Examples that are maps or lists become YAML in the description: the YAML language server would offer them for completion
 * as `[object Object]`.
 */
function withExamples(schema: Schema): Schema {
  const { examples, ...rest } = schema;
  if (!Array.isArray(examples)) return schema;
  const large = examples.filter((example) => typeof example === 'object' && example !== null);
  if (large.length === 0) return schema;
  const small = examples.filter((example) => !large.includes(example));
  const shown = large.map((example) => `\`\`\`yaml\n${yaml().stringify(example)}\`\`\``).join('\n\n');
  return {
    ...rest,
    ...(small.length > 0 && { examples: small }),
    markdownDescription: `${schema.description ?? ''}\n\n${shown}`.trimStart(),
  };
}

/** What each word of an enum means, by the words. */
const ENUM_MEANINGS: Readonly<Record<string, readonly unknown[]>> = {
  [DEFINITION_KINDS.join(' ')]: DEFINITION_KINDS.map((kind) => KIND_SCHEMAS[kind].spec.description),
  'off warning error': ['Not told.', 'Told.', 'Told, and the commit is rejected.'],
  'error warning': ['The commit is rejected.', 'Told; the commit is accepted.'],
  'failImmediately failAfterExecutable': [
    'Ends what runs, and starts nothing more.',
    'Finishes all that does not depend on what failed.',
  ],
  'all latest none': [
    'Every missed tick runs, oldest first.',
    'Only the last missed tick runs.',
    'Missed ticks are dropped.',
  ],
  'allow forbid replace queue': [
    'They run beside each other.',
    'The tick is skipped.',
    'Those of earlier ticks are aborted, and the new one starts when they have ended.',
    'It waits for those before it, one after the other.',
  ],
  'hash project domain': [
    'Evenly, by a hash of each execution.',
    'By the name of the project.',
    'By the name of the domain.',
  ],
  'approve reject': ['Goes on.', 'Fails the node.'],
  'Succeeded Failed TimedOut Aborted WaitingForApproval': [
    'It has ended well.',
    'It has ended as a failure.',
    'It has ended because its time was over.',
    'Somebody has ended it.',
    'A node of it has begun to wait for an approval.',
  ],
  'structured binary': ['All of it as one JSON body.', 'Its attributes as headers, what it is about as the body.'],
  'queue skip': ['Waits until one of the live ones has ended.', 'Is not run.'],
};
