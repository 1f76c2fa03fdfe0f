import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeClosure } from '../../src/compiler/index.ts';
import { commitOf, compileAll } from './commit.ts';

/** A node of a generated workflow; what it needs and reads are places of nodes before it. */
interface Sketch {
  readonly hasWhen: boolean;
  readonly needs: readonly number[];
  readonly reads: readonly number[];
  /** A switch, whose branches may lack the output. */
  readonly branches: readonly boolean[] | undefined;
}

const sketches: fc.Arbitrary<readonly Sketch[]> = fc
  .array(
    fc.record({
      hasWhen: fc.boolean(),
      needs: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
      reads: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
      branches: fc.option(fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((all) =>
    all.map((sketch, at) => {
      const before = (places: readonly number[]) => places.filter((place) => place < at);
      return { ...sketch, needs: before(sketch.needs), reads: before(sketch.reads) };
    }),
  );

interface Model {
  readonly isSkippable: boolean;
  readonly isOptional: boolean;
}

/** What the rules say: skipped by its own condition or with what it needs; null also where a branch lacks the output. */
function modelOf(all: readonly Sketch[]): readonly Model[] {
  const models: Model[] = [];
  for (const { hasWhen, needs, branches } of all) {
    const isSkippable = hasWhen || needs.some((place) => models[place]?.isSkippable === true);
    const gives = branches?.some((has) => has) !== false;
    const lacks = branches !== undefined && (branches.length === 1 || branches.some((has) => !has));
    models.push({ isSkippable, isOptional: gives && (isSkippable || lacks) });
  }
  return models;
}

/** Whether the node has the output at all. */
function gives({ branches }: Sketch): boolean {
  return branches === undefined || branches.some((has) => has);
}

function textOf(all: readonly Sketch[], models: readonly Model[], isCareful: boolean): string {
  const nodes = all.map(({ hasWhen, needs, reads, branches }, at) => {
    const read = reads
      .filter((place) => gives(all[place] as Sketch))
      .map((place) => {
        const path = `nodes.n${place}.outputs.y`;
        return isCareful && models[place]?.isOptional === true ? `default(${path}, 0)` : path;
      });
    const values = (has: boolean) => `compute: { ${has ? 'y' : 'z'}: "\${{ ${['1', ...read].join(' + ')} }}" }`;
    const last = branches?.at(-1) === true;
    const cases = branches?.slice(0, Math.max(1, branches.length - 1)) ?? [];
    const condition = '"${{ inputs.n > 1 }}"';
    const otherwise = branches !== undefined && branches.length > 1 ? `, else: { ${values(last)} }` : '';
    const action =
      branches === undefined
        ? values(true)
        : `switch: [${cases.map((has) => `{ when: ${condition}, then: { ${values(has)} } }`).join(', ')}]${otherwise}`;
    const when = hasWhen ? `, when: ${condition}` : '';
    return `    n${at}: { ${action}, needs: [${needs.map((place) => `n${place}`).join(', ')}]${when} }`;
  });
  return `kind: Workflow\nmetadata: { name: w }\nspec:\n  inputs: { n: integer }\n  nodes:\n${nodes.join('\n')}`;
}

describe('skipping', () => {
  it('makes those outputs optional that the rules say, and no others', () => {
    fc.assert(
      fc.property(sketches, (all) => {
        const models = modelOf(all);
        const compiled = compileAll(commitOf(textOf(all, models, true)));
        expect(compiled.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
        const closure = compiled.kind === 'compiled' ? compiled.changed[0]?.closure : undefined;
        const nodes: readonly NodeClosure[] = closure?.kind === 'Workflow' ? closure.nodes : [];
        for (const node of nodes) {
          const at = Number(node.id.slice(1));
          const { isSkippable, isOptional } = models[at] as Model;
          if (gives(all[at] as Sketch)) expect(node.outputs.y).toBe(isOptional ? 'integer?' : 'integer');
          const skipsWith = (node.skipsWith ?? []).map((place) => Number(nodes[place]?.id.slice(1)));
          const needed = (all[at] as Sketch).needs.filter((place) => models[place]?.isSkippable === true);
          expect(skipsWith.sort()).toEqual(needed.toSorted());
          expect(node.when !== undefined || skipsWith.length > 0).toBe(isSkippable);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is told wherever such an output is read without care', () => {
    fc.assert(
      fc.property(sketches, (all) => {
        const models = modelOf(all);
        const isCareless = all.some(({ reads }) => reads.some((place) => models[place]?.isOptional === true));
        const { kind } = compileAll(commitOf(textOf(all, models, false)));
        expect(kind).toBe(isCareless ? 'rejected' : 'compiled');
      }),
      { numRuns: 100 },
    );
  });
});
