import type { NodeKind } from '../document.ts';
import { DESCRIPTION, mapOf, PARTS, ref, type Schema } from './parts.ts';

/** Fields of every node. */
const ANY_NODE: Schema = {
  description: DESCRIPTION,
  needs: {
    type: 'array',
    description: 'Nodes that must have succeeded before, besides those whose outputs are read.',
    // Not a $ref: that its items are strings must be in sight, for else ajv compares each item with each.
    items: PARTS.name,
    uniqueItems: true,
    maxItems: 1000,
  },
};

/** How a node's attempts run, where it differs from its task. */
const RUN_POLICY: Schema = {
  retries: ref('retries'),
  timeout: ref('timeout'),
  resources: ref('resources'),
  cache: ref('cache'),
};

const TASK_FIELDS: Schema = { with: ref('bindings'), ...RUN_POLICY };

/** What a node does, by the one field that says it, and which more fields it then may have. */
export const NODE_KINDS: Readonly<Record<NodeKind, { readonly schema: Schema; readonly more: Schema }>> = {
  task: { schema: { ...ref('name'), description: 'Runs this task once.' }, more: TASK_FIELDS },
  map: { schema: ref('map'), more: RUN_POLICY },
  compute: {
    schema: mapOf(
      'Output name → value or expression. No process is started.',
      'identifier',
      {},
      { minProperties: 1, maxProperties: 256 },
    ),
    more: {},
  },
};

const KINDS = Object.keys(NODE_KINDS) as readonly NodeKind[];

/** A node has exactly one of the fields that say what it does. */
export const node: Schema = {
  type: 'object',
  title: 'node',
  description: 'A step of the workflow.',
  properties: {
    ...ANY_NODE,
    ...Object.fromEntries(KINDS.map((kind) => [kind, NODE_KINDS[kind].schema])),
    ...TASK_FIELDS,
  },
  additionalProperties: false,
  oneOf: KINDS.map((kind) => ({ required: [kind] })),
  examples: [{ task: 'add-two', with: { a: '${{ inputs.a }}' } }],
};

/** Fields that only some kinds of nodes have: those that this kind does not. */
export function foreignFields(kind: NodeKind): readonly string[] {
  return Object.keys(TASK_FIELDS).filter((field) => !(field in NODE_KINDS[kind].more));
}
