import { type Digest, digestOf, type Json, orderedJson } from '../../base/index.ts';
import {
  ANNOTATION,
  API_VERSION,
  BEFORE_FIRST_APPLY,
  type DefinitionSource,
  type EntityEntry,
  entityKey,
  type Interface,
  type KubeObject,
  LABEL,
  type LaunchPlan,
  launchSettings,
  managersOf,
  memberOf,
  type Parameter,
  type Platform,
  type Policy,
  type Schedule,
  type Task,
  type Workflow,
} from '../../cluster/index.ts';
import type { ClosureParameter, EntityClosure } from '../../compiler/index.ts';

/** Under this name the reconciler owns what git says of a definition. */
export const FIELD_MANAGER = 'pipectl-reconciler';

/** Where an active definition comes from and where it goes. */
export interface DefinitionPlace {
  readonly namespace: string;
  readonly repository: string;
  /** The commit that last changed the closure. */
  readonly commit: string;
  readonly digest: Digest;
  readonly file: string;
  /** Guards it against removal. */
  readonly prune?: string;
}

/** The object that makes `closure` the active version in a namespace. Its annotation holds the digest of what git says. */
export function definitionObject(closure: EntityClosure, place: DefinitionPlace): KubeObject {
  const source: DefinitionSource = {
    repository: place.repository,
    commit: place.commit,
    closure: place.digest,
    file: place.file,
    ...('description' in closure && closure.description !== undefined && { description: closure.description }),
  };
  // Ordered, since this digest is what a pass over unchanged definitions spends most of its time on.
  const spec = orderedJson(specOf(closure, source) as unknown as Json);
  const { prune } = place;
  return {
    apiVersion: API_VERSION,
    kind: closure.kind,
    metadata: {
      name: closure.name,
      namespace: place.namespace,
      labels: { [LABEL.repository]: place.repository },
      annotations: {
        [ANNOTATION.digest]: digestOfAll(spec, prune),
        ...(prune !== undefined && { [ANNOTATION.prune]: prune }),
      },
    },
    spec,
  };
}

/** Whether somebody else changed `object` since the reconciler wrote it: spec or guard are not what the annotation says. */
export function isEdited(object: KubeObject): boolean {
  const known = edited.get(object);
  if (known !== undefined) return known;
  const { annotations = {} } = object.metadata;
  const isOther = annotations[ANNOTATION.digest] !== digestOfAll(object.spec, annotations[ANNOTATION.prune]);
  edited.set(object, isOther);
  return isOther;
}

/** By the object that was read: an embedded cluster gives the same one until it changes. */
const edited = new WeakMap<KubeObject, boolean>();

/** Whether the reconciler wrote `object` for `repository`, whatever became of its label. */
export function isMarked({ metadata: { annotations }, spec }: KubeObject, repository: string): boolean {
  const source = (spec ?? {}) as Partial<DefinitionSource>;
  return source.repository === repository && annotations?.[ANNOTATION.digest] !== undefined;
}

/** Whether what is there is what the commit's entry says, whoever made it. */
export function isAsWanted(object: KubeObject, repository: string, { digest, file }: EntityEntry): boolean {
  const spec = (object.spec ?? {}) as Partial<DefinitionSource>;
  const isOurs = object.metadata.labels?.[LABEL.repository] === repository && isMarked(object, repository);
  return isOurs && spec.closure === digest && spec.file === file && !isEdited(object);
}

/** What the definition starts or runs, as `Kind/name`. */
export function needsOf({ kind, spec }: KubeObject): readonly string[] {
  if (kind === 'LaunchPlan') return [entityKey('Workflow', (spec as Partial<LaunchPlan['spec']>)?.workflow ?? '')];
  if (kind === 'Schedule') return [entityKey('LaunchPlan', (spec as Partial<Schedule['spec']>)?.launchPlan ?? '')];
  return [];
}

/** Who changed the object past the reconciler, and when, where the API says so. */
export function changedBy(object: KubeObject): { readonly by?: string; readonly at?: string } {
  return notedChange(object) ?? lastEditor(object) ?? {};
}

/** What the API left on the object of its last change; also of a deletion, which nothing else tells of. */
export function notedChange({ metadata }: KubeObject): { readonly by?: string; readonly at?: string } | undefined {
  const noted = metadata.annotations?.[ANNOTATION.changedBy];
  return noted === undefined ? undefined : parsedChange(noted);
}

/** The manager who owns what git says should be the reconciler's. */
function lastEditor(object: KubeObject): { readonly by: string; readonly at?: string } | undefined {
  const editors = managersOf(object).filter(({ manager, fieldsV1 }) => {
    return manager !== FIELD_MANAGER && manager !== BEFORE_FIRST_APPLY && memberOf(fieldsV1, 'f:spec') !== undefined;
  });
  const latest = editors.toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))[0];
  return latest && { by: latest.manager, ...(latest.time !== undefined && { at: latest.time }) };
}

function parsedChange(text: string): { readonly by?: string; readonly at?: string } {
  try {
    const { by, at } = JSON.parse(text) as { readonly by?: unknown; readonly at?: unknown };
    return { ...(typeof by === 'string' && { by }), ...(typeof at === 'string' && { at }) };
  } catch {
    return {};
  }
}

/** Of all that git says of an object: the guard against its removal stands beside the spec. */
function digestOfAll(spec: unknown, prune: string | undefined): Digest {
  return digestOf((prune === undefined ? spec : { prune, spec }) as Json);
}

type DefinitionSpec = (Workflow | Task | LaunchPlan | Schedule | Platform | Policy)['spec'];

function specOf(closure: EntityClosure, source: DefinitionSource): DefinitionSpec {
  switch (closure.kind) {
    case 'Workflow':
      return { ...source, interface: interfaceOf(closure), nodes: closure.nodes.length };
    case 'Task': {
      const { image } = closure.run;
      return { ...source, interface: interfaceOf(closure), ...(image !== undefined && { image }) };
    }
    case 'LaunchPlan': {
      const { workflow, fixedInputs } = closure;
      return {
        ...source,
        workflow: workflow.name,
        workflowClosure: workflow.closure,
        interface: interfaceOf(closure),
        fixedInputs,
        ...launchSettings(closure),
      };
    }
    case 'Schedule': {
      const { kind: _kind, name: _name, ...rest } = closure;
      return { ...source, ...rest };
    }
    case 'Platform':
      return {
        ...source,
        propeller: closure.propeller,
        ...(closure.retention !== undefined && { retention: closure.retention }),
        ...(closure.quotas !== undefined && { quotas: closure.quotas }),
        ...(closure.scheduler !== undefined && { scheduler: closure.scheduler }),
        ...(closure.objectStore !== undefined && { objectStore: closure.objectStore }),
      };
    case 'Policy':
      return { ...source, rules: closure.rules };
  }
}

function interfaceOf(entity: {
  readonly inputs: Readonly<Record<string, ClosureParameter>>;
  readonly outputs: Readonly<Record<string, { readonly type: string; readonly description?: string }>>;
}): Interface {
  const outputs = mapRecord(entity.outputs, ({ type, description }) => ({
    type,
    ...(description !== undefined && { description }),
  }));
  return { inputs: mapRecord(entity.inputs, inputParameter), outputs };
}

/** An input is required when it has neither a default nor an optional type. */
function inputParameter(parameter: ClosureParameter): Parameter {
  const required = parameter.default === undefined && !parameter.type.endsWith('?');
  return {
    type: parameter.type,
    ...(required && { required }),
    ...(parameter.default !== undefined && { default: parameter.default }),
    ...(parameter.description !== undefined && { description: parameter.description }),
  };
}

function mapRecord<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  const mapped: Record<string, B> = Object.create(null);
  for (const [key, value] of Object.entries(record)) mapped[key] = map(value);
  return mapped;
}
