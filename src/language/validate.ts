import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { isJsonObject, type Json, MAX_WORKFLOW_NODES } from '../base/index.ts';
import type { DefinitionKind, Path } from './document.ts';
import { type Accept, acceptorOf } from './schema/accept.ts';
import { documentSchema } from './schema/index.ts';
import { DEFINITION_KINDS } from './schema/kinds.ts';
import { schemaProblem } from './schema-problem.ts';

/** A finding of the schema about the value, or the key, at `path`. */
export interface SchemaProblem {
  readonly code: string;
  readonly message: string;
  readonly path: Path;
  readonly isKey: boolean;
  /** The value is not to be shown. */
  readonly isSecret?: true;
  readonly help?: string;
  /** The field that an unknown one is probably meant to be. */
  readonly meant?: string;
  /** Fields of which the map at `path` has none. */
  readonly lacks?: readonly string[];
}

const acceptors = new Map<DefinitionKind, Accept>();
const validators = new Map<DefinitionKind, ValidateFunction>();

export function isDefinitionKind(kind: string): kind is DefinitionKind {
  return (DEFINITION_KINDS as readonly string[]).includes(kind);
}

/** All that the kind's JSON Schema finds in a document, in our words; at most `limit`. */
export function validateDocument(kind: DefinitionKind, document: Json, limit: number): readonly SchemaProblem[] {
  if (acceptor(kind)(document)) return [];
  const validate = validators.get(kind) ?? compileValidator(kind);
  if (validate(kind === 'Workflow' ? withFewNodes(document) : document)) return [];
  const problems: SchemaProblem[] = [];
  for (const error of validate.errors ?? []) {
    if (problems.length >= limit) break;
    const problem = schemaProblem(error as ErrorObject & { readonly data: Json });
    if (problem !== undefined) problems.push(problem);
  }
  return withoutEchoes(problems);
}

/** A field that is misspelt is told; that it is missing under its right name says the same again. */
function withoutEchoes(problems: readonly SchemaProblem[]): readonly SchemaProblem[] {
  const meant = new Set(
    problems.flatMap(({ path, meant: name }) => (name === undefined ? [] : [[...path.slice(0, -1), name].join('\n')])),
  );
  if (meant.size === 0) return problems;
  return problems.filter(({ path, lacks = [] }) => !lacks.some((name) => meant.has([...path, name].join('\n'))));
}

/** A workflow with one node more than it may have instead of all: that there are too many is told without looking at each. */
function withFewNodes(document: Json): Json {
  if (!isJsonObject(document) || !isJsonObject(document.spec) || !isJsonObject(document.spec.nodes)) return document;
  const { nodes } = document.spec;
  const ids = Object.keys(nodes);
  if (ids.length <= MAX_WORKFLOW_NODES + 1) return document;
  const few: Record<string, Json> = Object.create(null);
  for (const id of ids.slice(0, MAX_WORKFLOW_NODES + 1)) few[id] = nodes[id] as Json;
  return { ...document, spec: { ...document.spec, nodes: few } };
}

function acceptor(kind: DefinitionKind): Accept {
  const known = acceptors.get(kind);
  if (known !== undefined) return known;
  const accept = acceptorOf(documentSchema(kind));
  acceptors.set(kind, accept);
  return accept;
}

/** Loaded and compiled when a document is first found to be wrong: both take longer than all else that a small project costs. */
function compileValidator(kind: DefinitionKind): ValidateFunction {
  const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  // `verbose` puts value and schema into each error. The schemas are ours and a test holds them against the
  // meta-schema, so that compiling the meta-schema, which takes longer than all of them, is left out here.
  const ajv = new Ajv2020({
    allErrors: true,
    code: { optimize: false },
    verbose: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
    meta: false,
    validateSchema: false,
  });
  const validate = ajv.compile({ ...documentSchema(kind), $schema: undefined });
  validators.set(kind, validate);
  return validate;
}
