import { type Digest, digestOf, type Json } from '../../base/index.ts';
import {
  ANNOTATION,
  API_VERSION,
  type DefinitionSource,
  type Interface,
  type KubeObject,
  LABEL,
  type LaunchPlan,
  launchSettings,
  type Parameter,
  type Platform,
  type Policy,
  type Schedule,
  type Task,
  type Workflow,
} from '../../cluster/index.ts';
import type { ClosureParameter, EntityClosure } from '../../compiler/index.ts';

/** Where an active definition comes from and where it goes. */
export interface DefinitionPlace {
  readonly namespace: string;
  readonly repository: string;
  /** The commit that last changed the closure. */
  readonly commit: string;
  readonly digest: Digest;
  readonly file: string;
}

/** The object that makes `closure` the active version in a namespace. Its annotation holds the digest of its spec. */
export function definitionObject(closure: EntityClosure, place: DefinitionPlace): KubeObject {
  const source: DefinitionSource = {
    repository: place.repository,
    commit: place.commit,
    closure: place.digest,
    file: place.file,
    ...('description' in closure && closure.description !== undefined && { description: closure.description }),
  };
  const spec = specOf(closure, source);
  return {
    apiVersion: API_VERSION,
    kind: closure.kind,
    metadata: {
      name: closure.name,
      namespace: place.namespace,
      labels: { [LABEL.repository]: place.repository },
      annotations: { [ANNOTATION.digest]: specDigest(spec) },
    },
    spec,
  };
}

/** Whether somebody else changed `object` since the reconciler wrote it: its spec is not what the annotation says. */
export function isEdited(object: KubeObject): boolean {
  return object.metadata.annotations?.[ANNOTATION.digest] !== specDigest(object.spec);
}

function specDigest(spec: unknown): Digest {
  return digestOf(spec as Json);
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
