import type { Json } from '../../base/index.ts';

/** An OpenAPI v3 schema, as much of it as the kinds need. */
export interface Schema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  /** Rules that a cluster keeps by itself; here `admission.ts` keeps the same, in words of its own. */
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  /** Its fields have one owner together; see `treeOf` of the ownership of fields. */
  readonly 'x-kubernetes-map-type'?: 'atomic';
}

/** A rule in CEL over `self` and, for changes, `oldSelf`. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
}

/** A field of an object; an optional one is marked by `optional`. */
export type Field = Schema & { readonly isOptional?: true };

export function text(description: string): Schema {
  return { type: 'string', description };
}

export function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}

export function oneOf(values: readonly string[], description: string): Schema {
  return { type: 'string', enum: values, description };
}

export function whole(description: string): Schema {
  return { type: 'integer', format: 'int64', description };
}

export function number(description: string): Schema {
  return { type: 'number', description };
}

export function flag(description: string): Schema {
  return { type: 'boolean', description };
}

/** A number with bounds, both included. */
export function between(schema: Schema, minimum: number, maximum: number): Schema {
  return { ...schema, minimum, maximum };
}

/** Any JSON value. */
export function anything(description: string): Schema {
  return { description, 'x-kubernetes-preserve-unknown-fields': true };
}

/** An object with fields of any name and kind. */
export function anyObject(description: string): Schema {
  return { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true };
}

/** The schema with rules of CEL besides those that it has. */
export function ruled(schema: Schema, ...rules: readonly Rule[]): Schema {
  return { ...schema, 'x-kubernetes-validations': [...(schema['x-kubernetes-validations'] ?? []), ...rules] };
}

export function list(items: Schema, description: string): Schema {
  return { type: 'array', items, description };
}

export function mapOf(values: Schema, description: string): Schema {
  return { type: 'object', additionalProperties: values, description };
}

export function optional(schema: Schema): Field {
  return { ...schema, isOptional: true };
}

/** An object with these fields and no others. */
export function record(fields: Readonly<Record<string, Field>>, description: string): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const [name, { isOptional, ...schema }] of Object.entries(fields)) {
    properties[name] = schema;
    if (isOptional !== true) required.push(name);
  }
  return { type: 'object', description, properties, ...(required.length > 0 && { required }) };
}

/** What is created so and never changes. */
export function immutable(kind: string, schema: Schema): Schema {
  return ruled(schema, { rule: 'self == oldSelf', message: `a ${kind} never changes` });
}

/** An object whose fields never change, nor come or go, but for those of these names. */
export function pinned(schema: Schema, changing: readonly string[], message: string): Schema {
  const fixed = Object.keys(schema.properties ?? {}).filter((name) => !changing.includes(name));
  const required = new Set(schema.required);
  const rules = fixed.map((name) => {
    const same = `self.${name} == oldSelf.${name}`;
    return {
      rule: required.has(name) ? same : `has(self.${name}) ? has(oldSelf.${name}) && ${same} : !has(oldSelf.${name})`,
      message,
    };
  });
  return ruled(schema, ...rules);
}

/** Where a value breaks its schema, and how. */
export interface SchemaProblem {
  readonly field: string;
  readonly message: string;
  /** Unknown fields are refused only when the client asks for strict validation. */
  readonly isUnknownField?: true;
}

/** Checks a value against a schema. `field` is the path so far, for example `spec`. At most `MAX_PROBLEMS` are told. */
export function checkSchema(schema: Schema, value: Json, field: string, found: SchemaProblem[] = []): SchemaProblem[] {
  if (found.length >= MAX_PROBLEMS || schema.type === undefined) return found;
  if (!isOfType(schema.type, value)) {
    found.push({ field, message: `must be of type ${schema.type}: ${written(value)}` });
    return found;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    found.push({ field, message: `Unsupported value: ${written(value)}: supported values: ${schema.enum.join(', ')}` });
  }
  if (schema.type === 'array' && schema.items !== undefined) {
    for (const [index, item] of (value as Json[]).entries())
      checkSchema(schema.items, item, `${field}[${index}]`, found);
  }
  if (schema.type === 'object') checkMembers(schema, value as { [key: string]: Json }, field, found);
  return found;
}

const MAX_PROBLEMS = 20;

function checkMembers(
  schema: Schema,
  value: { readonly [key: string]: Json },
  field: string,
  found: SchemaProblem[],
): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) found.push({ field: `${field}.${name}`, message: 'Required value' });
  }
  for (const [name, member] of Object.entries(value)) {
    const known = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
    const inner = known ? schema.properties?.[name] : schema.additionalProperties;
    if (inner !== undefined) checkSchema(inner, member, `${field}.${name}`, found);
    else if (schema.properties !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true) {
      found.push({ field: `${field}.${name}`, message: `unknown field "${field}.${name}"`, isUnknownField: true });
    }
  }
}

function isOfType(type: NonNullable<Schema['type']>, value: Json): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function written(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
