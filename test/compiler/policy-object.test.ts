import { describe, expect, it } from 'vitest';
import { objectOf, objectTypeOf } from '../../src/compiler/policy-object.ts';
import {
  checkValue,
  DEFINITION_KINDS,
  type Definition,
  type DefinitionKind,
  parseDefinitions,
  schemaFiles,
  type Type,
} from '../../src/language/index.ts';

type Schema = Readonly<Record<string, unknown>> & {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
};

const SCHEMAS = new Map([...schemaFiles()].map(([file, text]) => [file, JSON.parse(text) as Schema]));

const FILES: Readonly<Record<DefinitionKind, string>> = {
  Project: 'project',
  Task: 'task',
  Workflow: 'workflow',
  LaunchPlan: 'launch-plan',
  Schedule: 'schedule',
  Platform: 'platform',
  Policy: 'policy',
};

/** The schema behind references, and the member with properties of alternatives. */
function resolved(schema: Schema, root: Schema): Schema {
  if (schema.$ref !== undefined) {
    const at = schema.$ref.split('#/')[1]?.split('/') ?? [];
    const found = at.reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], root);
    return resolved(found as Schema, root);
  }
  const members = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map((member) => resolved(member, root));
  return members.find(({ properties }) => properties !== undefined) ?? schema;
}

/** Fields that people may write and rules do not see, as paths. */
function unseen(schema: Schema, type: Type, root: Schema, path: string): readonly string[] {
  const of = type.kind === 'optional' ? type.of : type;
  const { properties, additionalProperties, items } = resolved(schema, root);
  if (of.kind === 'record' && properties !== undefined) {
    return Object.entries(properties).flatMap(([name, inner]) => {
      const field = of.fields.get(name);
      return field === undefined ? [`${path}.${name}`] : unseen(inner, field.type, root, `${path}.${name}`);
    });
  }
  if (of.kind === 'map' && typeof additionalProperties === 'object')
    return unseen(additionalProperties, of.value, root, `${path}.*`);
  if (of.kind === 'list' && items !== undefined) return unseen(items, of.element, root, `${path}[]`);
  return [];
}

/** What is a map of its own in the text, and a field beside the others for rules. */
const MOVED = [/\.map\.(?:task|with|compute|retries|timeout|resources|cache)$/, /\.dynamic\.(?:task|with)$/];

describe('what rules see of a definition', () => {
  it.each(DEFINITION_KINDS.map((kind) => [kind] as const))('is every field of a %s', (kind) => {
    const root = SCHEMAS.get(`${FILES[kind]}.schema.json`) as Schema;
    const spec = resolved((root.properties as Record<string, Schema>).spec as Schema, root);
    const type = objectTypeOf(kind).fields.get('spec')?.type as Type;
    const missing = unseen(spec, type, root, 'spec').filter((path) => !MOVED.some((moved) => moved.test(path)));
    expect(missing).toEqual([]);
  });

  it('is of the type that rules are checked against, for every kind of node', () => {
    const text = `
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: all }
spec:
  inputs: { a: integer, l: list<integer> }
  outputs: { a: "\${{ inputs.a }}" }
  failurePolicy: failAfterExecutable
  onFailure: { task: tell, with: { a: 1 }, when: "\${{ inputs.a > 1 }}" }
  nodes:
    t: { task: x, with: { a: 1 }, retries: { limit: 3, backoff: { factor: 2 } }, timeout: { run: 5m }, interruptible: true, cache: false }
    m: { map: { task: x, over: { a: "\${{ inputs.l }}" }, concurrency: 3, minSuccessRatio: 0.5 } }
    i: { map: { compute: { b: "\${{ item }}" }, over: "\${{ inputs.l }}" } }
    w: { workflow: other, with: { a: 1 }, timeout: { total: 1h } }
    p: { launchPlan: nightly, with: { a: 1 }, needs: [w] }
    s:
      switch:
        - { when: "\${{ inputs.a > 1 }}", then: { task: x, cache: { ttl: 1h } } }
        - { when: "\${{ inputs.a > 0 }}", then: { fail: no } }
      else: { compute: { a: 1 } }
    a: { approve: { message: go, timeout: 1h, default: reject }, when: "\${{ inputs.a > 1 }}" }
    g: { signal: { type: integer, message: how many, timeout: 1h, default: 3 } }
    z: { sleep: 5m }
    c: { compute: { a: 1 } }
    d: { dynamic: { task: plan, with: {}, outputs: { n: integer }, tasks: [x] } }
`;
    const { documents, diagnostics } = parseDefinitions({ path: 'x.yaml', bytes: new TextEncoder().encode(text) });
    expect(diagnostics).toEqual([]);
    const object = objectOf({ definition: documents[0] as Definition });
    const checked = checkValue(object, objectTypeOf('Workflow'));
    expect(checked.kind === 'ok' ? 'ok' : checked).toBe('ok');
    const { nodes, onFailure } = object.spec as { nodes: Record<string, object>; onFailure: object };
    expect(nodes.t).toMatchObject({
      kind: 'task',
      task: 'x',
      interruptible: true,
      isCacheOff: true,
      retries: { limit: 3 },
    });
    expect(nodes.s).toMatchObject({ kind: 'switch', task: null, else: { kind: 'compute' } });
    expect(nodes.w).toMatchObject({ workflow: 'other', timeout: { total: '1h' }, launchPlan: null });
    expect(nodes.p).toMatchObject({ launchPlan: 'nightly', needs: ['w'] });
    expect(nodes.z).toMatchObject({ kind: 'sleep', sleep: '5m' });
    expect(onFailure).toMatchObject({ kind: 'task', task: 'tell' });
  });
});
