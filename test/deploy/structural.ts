import type { Schema } from '../../src/cluster/schemas/index.ts';

/** Words that may stand in a structural schema as it is made here; Kubernetes would refuse or ignore others, such as $ref. */
const WORDS: ReadonlySet<string> = new Set([
  'type',
  'format',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'minimum',
  'maximum',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
]);

/**
 * Where a schema breaks the rules of structural schemas: Kubernetes documentation, "Extend the Kubernetes API with
 * CustomResourceDefinitions", and `ValidateStructural` of k8s.io/apiextensions-apiserver.
 */
export function structuralProblems(schema: Schema, at = ''): string[] {
  const { type, properties, additionalProperties, items, required = [] } = schema;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const found: string[] = [];
  const say = (what: string): number => found.push(`${at === '' ? '<root>' : at}: ${what}`);
  for (const word of Object.keys(schema)) if (!WORDS.has(word)) say(`has ${word}`);
  if (type === undefined && !isOpen) say('has no type');
  if (at === '' && (type !== 'object' || additionalProperties !== undefined)) say('the root must be a plain object');
  if (type === 'array' && items === undefined) say('a list says nothing of its items');
  if (type !== 'array' && items !== undefined) say('items belong to lists');
  if (type !== 'object' && (properties ?? additionalProperties) !== undefined) say('fields belong to objects');
  if (properties !== undefined && additionalProperties !== undefined) say('has fields and a map at once');
  if (properties !== undefined && Object.keys(properties).length === 0) {
    say('has an empty list of fields, which an API server drops');
  }
  const saysNothing = type === 'object' && properties === undefined && additionalProperties === undefined && !isOpen;
  if (saysNothing && at !== '.metadata' && schema.description !== 'Nothing.') {
    say('an object that says nothing of its fields loses them');
  }
  for (const name of required) {
    if (properties === undefined || !Object.hasOwn(properties, name)) say(`requires ${name}, which it does not have`);
  }
  found.push(...ruleProblems(schema, at));
  for (const [name, member] of Object.entries(properties ?? {}))
    found.push(...structuralProblems(member, `${at}.${name}`));
  if (additionalProperties !== undefined) found.push(...structuralProblems(additionalProperties, `${at}.*`));
  if (items !== undefined) found.push(...structuralProblems(items, `${at}[]`));
  return found;
}

/** Rules in CEL see only what has a type, and nothing in lists has a past. */
function ruleProblems(schema: Schema, at: string): string[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule, message }) => {
    const names = [...rule.matchAll(/\b(?:self|oldSelf)\.([A-Za-z]\w*)/g)].map(([, name = '']) => name);
    const unseen = names.filter((name) => !isSeen(schema.properties?.[name]));
    return [
      ...unseen.map((name) => `${at}: the rule "${rule}" cannot see ${name}`),
      ...(at.includes('[]') && rule.includes('oldSelf') ? [`${at}: items of a list have no past`] : []),
      ...(schema.type === undefined ? [`${at}: a rule needs a type`] : []),
      ...(message === '' || /[\r\n]/.test(message) ? [`${at}: a message is one line`] : []),
    ];
  });
}

function isSeen(schema: Schema | undefined): boolean {
  if (schema?.type === undefined) return false;
  if (schema.items !== undefined) return isSeen(schema.items);
  return schema.additionalProperties === undefined || isSeen(schema.additionalProperties);
}

/** The schema at a simple JSONPath, `.spec.workflow`. */
export function schemaAt(schema: Schema, path: string): Schema | undefined {
  return path
    .slice(1)
    .split('.')
    .reduce<Schema | undefined>((inner, name) => inner?.properties?.[name], schema);
}
