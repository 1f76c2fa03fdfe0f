import type { ServerResponse } from 'node:http';
import { isJsonObject, type Json, type JsonObject } from '../../../base/index.ts';
import { InvalidError } from '../../index.ts';
import { checkSchema, KIND_SCHEMAS, type Schema, type SchemaProblem } from '../../schemas/index.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest } from './status.ts';

/**
 * Checks the fields of a body against the schema of its kind, before any loop has to meet them. Wrong types are always
 * refused (InvalidError); unknown fields as the client asks with fieldValidation: refused, warned of (the default), or let be.
 * In a partial body, a patch, nothing is required and null removes, but nothing that is required. What is applied is partial,
 * too, but for a spec that is one field.
 */
export function validateFields(
  route: ObjectsRoute,
  body: JsonObject,
  response: ServerResponse,
  options: { readonly isPartial: boolean; readonly isApplied?: boolean },
): void {
  const schema = KIND_SCHEMAS.get(route.info.kind);
  if (schema === undefined) return;
  const { fields } = schema;
  const given = options.isPartial ? (withoutNulls(body) as JsonObject) : body;
  const found: SchemaProblem[] = [];
  for (const [name, value] of Object.entries(given)) {
    // Status comes from its own writer through its own subresource; a copy of it elsewhere is dropped, not checked.
    const isElsewhere = OBJECT_FIELDS.has(name) || (name === 'status' && route.subresource !== 'status');
    if (isElsewhere) continue;
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined) checkSchema(field, value, name, found);
    else found.push({ field: name, message: `unknown field "${name}"`, isUnknownField: true });
  }
  if (options.isPartial && fields.spec !== undefined) found.push(...removedRequired(fields.spec, body.spec));
  if (!options.isPartial && fields.spec?.required !== undefined && given.spec === undefined) {
    found.push({ field: 'spec', message: 'Required value' });
  }
  const isWhole = options.isApplied === true && fields.spec?.['x-kubernetes-map-type'] === 'atomic';
  report(route, found, response, options.isPartial && !isWhole);
}

/** Fields of the spec that a patch would take away though they must be there. */
function removedRequired({ required = [] }: Schema, spec: Json | undefined): readonly SchemaProblem[] {
  if (spec === null && required.length > 0) return [{ field: 'spec', message: 'Required value: it cannot be removed' }];
  if (!isJsonObject(spec)) return [];
  const removed = required.filter((name) => spec[name] === null);
  return removed.map((name) => ({ field: `spec.${name}`, message: 'Required value: it cannot be removed' }));
}

const OBJECT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

function report(
  route: ObjectsRoute,
  found: readonly SchemaProblem[],
  response: ServerResponse,
  isPartial: boolean,
): void {
  const { kind, group, version } = route.info;
  const unknown = found.filter((problem) => problem.isUnknownField === true).map(({ message }) => message);
  const wrong = found.filter(({ isUnknownField, message }) => {
    return isUnknownField !== true && !(isPartial && message === 'Required value');
  });
  const mode = route.query.get('fieldValidation') ?? 'Warn';
  if (unknown.length > 0 && mode === 'Strict') {
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${unknown.join(', ')}`,
    );
  }
  if (wrong.length > 0) {
    const said = wrong.map(({ field, message }) => `${field}: ${message}`);
    const name = `${kind}${group === '' ? '' : `.${group}`}${route.name === undefined ? '' : ` "${route.name}"`}`;
    throw new InvalidError(`${name} is invalid: ${said.join(', ')}`, wrong);
  }
  if (mode !== 'Warn') return;
  for (const message of unknown) response.appendHeader('warning', `299 - ${JSON.stringify(ascii(message))}`);
}

/** Header values hold printable ASCII only. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

function withoutNulls(value: Json): Json {
  if (!isJsonObject(value)) return value;
  const kept: { [key: string]: Json } = Object.create(null);
  for (const [key, member] of Object.entries(value)) if (member !== null) kept[key] = withoutNulls(member);
  return kept;
}
