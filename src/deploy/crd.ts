import { type Column, columnsOf, KINDS, type KindInfo } from '../cluster/index.ts';
import { anyObject, KIND_SCHEMAS, type KindSchema, type Schema } from '../cluster/schemas/index.ts';
import { PART_OF } from './labels.ts';

/** The group that our own kinds are of. */
export const OWN_GROUP = 'pipectl.dev';
/** `kubectl get pipectl` shows all that is of it. */
export const CATEGORY = 'pipectl';

/** A CustomResourceDefinition of apiextensions.k8s.io/v1, as much of it as is made here. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames?: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly CrdVersion[];
  };
}

export interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly subresources?: { readonly status: object };
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly description: string;
  readonly jsonPath: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

/** The definitions of all kinds of our own, in the order of the kinds. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return KINDS.filter(({ group }) => group === OWN_GROUP).map(definitionOf);
}

function definitionOf(info: KindInfo): CustomResourceDefinition {
  const { kind, plural, singular, shortNames, group } = info;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: PART_OF },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames.length > 0 && { shortNames }),
        categories: [CATEGORY],
      },
      versions: [versionOf(info)],
    },
  };
}

function versionOf({ kind, version, hasStatus }: KindInfo): CrdVersion {
  const selectable = SELECTABLE.get(kind);
  return {
    name: version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: rootSchema(kind, hasStatus) },
    ...(hasStatus && { subresources: { status: {} } }),
    additionalPrinterColumns: columnsOf(kind).flatMap(printerColumn),
    ...(selectable !== undefined && { selectableFields: selectable.map((jsonPath) => ({ jsonPath })) }),
  };
}

/** Fields that the loops list and watch by, and people look for. A cluster takes at most eight of a kind. */
const SELECTABLE: ReadonlyMap<string, readonly string[]> = new Map([
  ['Execution', ['.status.phase', '.spec.repository', '.spec.workflow', '.spec.launchPlan', '.spec.commit']],
  ['Notification', ['.status.phase', '.spec.execution']],
  ['Backfill', ['.status.phase', '.spec.schedule']],
  ['Revision', ['.spec.repository', '.spec.commit']],
  ['Schedule', ['.spec.launchPlan']],
  ['LaunchPlan', ['.spec.workflow']],
]);

function rootSchema(kind: string, hasStatus: boolean): Schema {
  const schema: KindSchema = KIND_SCHEMAS.get(kind) ?? { description: `A ${kind}.`, fields: {} };
  const { spec, status, ...others } = schema.fields;
  const fields = {
    ...others,
    ...(spec !== undefined && { spec: structural(spec) }),
    ...(hasStatus && { status: structural(withoutRequired(status ?? anyObject('Not used.'))) }),
  };
  return {
    type: 'object',
    description: schema.description,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...fields,
    },
    ...(spec !== undefined && { required: ['spec'] }),
  };
}

/**
 * The schema in the form that Kubernetes' rules see through: a map of values of any kind has no type to CEL, an object with
 * unknown fields has. And without empty lists of fields: an API server keeps none, so whoever applies the same once more under
 * another name would be told of a conflict.
 */
function structural(schema: Schema): Schema {
  const { additionalProperties: values, properties, items, ...rest } = schema;
  if (values !== undefined && values.type === undefined) {
    return { ...rest, 'x-kubernetes-preserve-unknown-fields': true };
  }
  return {
    ...rest,
    ...(values !== undefined && { additionalProperties: structural(values) }),
    ...(items !== undefined && { items: structural(items) }),
    ...(Object.keys(properties ?? {}).length > 0 && { properties: mapValues(properties ?? {}, structural) }),
  };
}

/** Status is written in deltas by one loop, so no field of it can be asked of every write. */
function withoutRequired({ required: _, ...schema }: Schema): Schema {
  const { additionalProperties: values, properties, items } = schema;
  return {
    ...schema,
    ...(values !== undefined && { additionalProperties: withoutRequired(values) }),
    ...(items !== undefined && { items: withoutRequired(items) }),
    ...(properties !== undefined && { properties: mapValues(properties, withoutRequired) }),
  };
}

function mapValues(
  properties: Readonly<Record<string, Schema>>,
  change: (schema: Schema) => Schema,
): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, change(schema)]));
}

/** The name stands first in every table of Kubernetes; a column that only a program can compute is left out. */
function printerColumn({ name, type, description, path, wide }: Column): readonly PrinterColumn[] {
  if (path === undefined) return [];
  const shown =
    typeof path === 'string'
      ? ({ type, jsonPath: path } as const)
      : ({ type: 'date', jsonPath: path.sinceOf } as const);
  return [{ name, description, ...shown, ...(wide === true && { priority: 1 }) }];
}
