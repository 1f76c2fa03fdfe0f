import { foreignFields, NODE_KINDS } from './node.ts';
import type { Schema } from './parts.ts';
import { NODE_SNIPPETS } from './snippets.ts';

/**
 * A schema in which exactly one of some fields is given, as one closed alternative for each: an editor then completes only
 * what goes with the field that stands there already. What every alternative has stays outside of them. Of nodes, a field
 * that only some kinds have is shown for those alone; beside others it is let be, for the compiler tells of it better.
 */
export function withAlternatives(schema: Schema): Schema {
  const choices = choicesOf(schema);
  if (choices.length === 0) return schema;
  const { oneOf: _, additionalProperties: __, ...rest } = schema;
  const properties = schema.properties as Readonly<Record<string, unknown>>;
  const rests = new Map(choices.map((choice) => [choice, fieldsBeside(schema, choices, choice)]));
  const isEverywhere = (field: string): boolean => choices.every((choice) => rests.get(choice)!.includes(field));
  const shown = (field: string, choice: string): unknown =>
    !isEverywhere(field) && rests.get(choice)!.includes(field) ? properties[field] : LET_BE;
  const oneOf = choices.map((choice) => ({
    type: 'object',
    // A title stands before that of the whole in a hover; `then` and `else` share theirs.
    ...(schema.title === 'branch' && { title: 'branch' }),
    properties: Object.fromEntries(
      Object.keys(properties)
        .filter((field) => field === choice || !choices.includes(field))
        .map((field) => [field, shown(field, choice)] as const),
    ),
    // Not beside its properties: the YAML language server would offer the field a second time.
    allOf: [{ required: [choice] }],
    additionalProperties: false,
    defaultSnippets: schema.title === 'node' ? (NODE_SNIPPETS[choice] ?? []) : [],
  }));
  const everywhere = Object.entries(properties).filter(([field]) => isEverywhere(field));
  return { ...rest, properties: Object.fromEntries(everywhere), oneOf };
}

function choicesOf({ oneOf, properties }: Schema): readonly string[] {
  if (!Array.isArray(oneOf) || properties === undefined) return [];
  const isChoice = (option: Schema): boolean => Object.keys(option).join() === 'required';
  return oneOf.every(isChoice) ? oneOf.flatMap(({ required }) => required as readonly string[]) : [];
}

/** Not `true`, which editors count as a field that fits better than one with a schema. */
const LET_BE: Schema = { doNotSuggest: true };

const NODE_TITLES: readonly unknown[] = ['node', 'branch', 'failure handler'];

/** The field itself, and all that goes with it. */
function fieldsBeside(schema: Schema, choices: readonly string[], choice: string): readonly string[] {
  const isNode = NODE_TITLES.includes(schema.title) && (choice === 'fail' || choice in NODE_KINDS);
  const foreign = isNode ? foreignFields(choice as Parameters<typeof foreignFields>[0]) : [];
  return Object.keys(schema.properties as object).filter(
    (field) => field === choice || (!choices.includes(field) && !foreign.includes(field)),
  );
}
