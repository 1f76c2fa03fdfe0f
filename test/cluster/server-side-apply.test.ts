import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json, MAX_FIELD_MANAGERS } from '../../src/base/index.ts';
import { difference, fieldPaths, intersection, union } from '../../src/cluster/field-set.ts';
import { fieldsOf, treeOf } from '../../src/cluster/field-tree.ts';
import { type KubeObject, managersAfter, managersOf, mergePatch } from '../../src/cluster/index.ts';
import { applyFields } from '../../src/cluster/server-side-apply.ts';

const TIME = '2026-01-02T03:04:05Z';

function configMap(data: unknown, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b', ...metadata }, data };
}

function apply(live: KubeObject | undefined, object: KubeObject, manager = 'git'): KubeObject {
  return applyFields(live, object, { manager, force: true, time: TIME });
}

const NAME = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '.');
const data = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<Json>('x', 'y', 1, false, [1], []), tie('object')),
  object: fc.dictionary(NAME, tie('value'), { maxKeys: 3, noNullPrototype: false }),
})).object as fc.Arbitrary<Record<string, Json>>;
const objects = data.map((fields) => configMap(fields));

describe('an apply', () => {
  it('leaves in the object what it names, and in another of the same nothing to do', () => {
    fc.assert(
      fc.property(objects, objects, (live, wanted) => {
        const once = apply(live, wanted);
        // What is named is there, whatever else is.
        expect(canonicalJson(mergePatch(once.data, wanted.data) as Json)).toBe(
          canonicalJson((once.data ?? {}) as Json),
        );
        expect(apply(once, wanted)).toEqual(once);
      }),
    );
  });

  it('of nothing takes away what the same manager brought, and leaves what was there', () => {
    fc.assert(
      fc.property(objects, objects, (live, wanted) => {
        const before = fieldPaths(fieldsOf(treeOf(live)));
        const after = apply(apply(live, wanted), configMap(undefined));
        const left = fieldPaths(fieldsOf(treeOf(after)));
        const wantedPaths = fieldPaths(fieldsOf(treeOf(wanted)));
        const untouched = before.filter(
          (path) => !wantedPaths.some((each) => each.startsWith(path) || path.startsWith(each)),
        );
        expect(left).toEqual(expect.arrayContaining(untouched));
        expect(managersOf(after).some(({ manager }) => manager === 'git')).toBe(false);
      }),
    );
  });

  it('leaves every field of an object with at least one owner', () => {
    fc.assert(
      fc.property(objects, objects, objects, (live, first, second) => {
        const once = apply(apply(live, first, 'one'), second, 'two');
        const changed = configMap(first.data, once.metadata);
        const managers = managersAfter(once, changed, 'hand', TIME) ?? [];
        const owned = managers.reduce((sum, { fieldsV1 }) => union(sum, fieldsV1), {});
        expect(fieldPaths(difference(fieldsOf(treeOf(changed)), owned))).toEqual([]);
      }),
    );
  });
});

describe('sets of fields', () => {
  const sets = data.map((fields) => fieldsOf(treeOf(configMap(fields))));

  it('are what their names promise', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(difference(a, union(a, b))).toEqual({});
        expect(intersection(difference(a, b), b)).toEqual({});
        expect(fieldPaths(union(a, a))).toEqual(fieldPaths(a));
      }),
    );
  });

  it('print as Kubernetes prints them', () => {
    const metadata = {
      finalizers: ['example.com/a'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
      labels: { 'a/b': 'c' },
    };
    expect(fieldPaths(fieldsOf(treeOf(configMap({ a: { b: 1 }, c: [1, 2] }, metadata))))).toEqual([
      '.data.a.b',
      '.data.c',
      '.metadata.finalizers[="example.com/a"]',
      '.metadata.labels.a/b',
      '.metadata.ownerReferences[uid="u"]',
    ]);
  });
});

describe('changes in other ways than by apply', () => {
  it('are told apart by manager up to a bound, and the oldest together beyond', () => {
    let live = apply(undefined, configMap({ z: 1 }));
    for (let count = 0; count < MAX_FIELD_MANAGERS + 5; count++) {
      const time = `2026-01-02T03:04:${10 + count}Z`;
      const wanted = configMap({ ...(live.data as object), [`f${count}`]: 1 }, live.metadata);
      live = {
        ...wanted,
        metadata: { ...live.metadata, managedFields: managersAfter(live, wanted, `m${count}`, time) ?? [] },
      };
    }
    const updates = managersOf(live).filter(({ operation }) => operation === 'Update');
    expect(updates).toHaveLength(MAX_FIELD_MANAGERS);
    expect(fieldPaths(updates.find(({ manager }) => manager === 'ancient-changes')?.fieldsV1 ?? {})).toHaveLength(6);
  });

  it.each<[string, unknown]>([
    ['no list', 'x'],
    ['an entry without fields', [{ manager: 'a', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1' }]],
    ['an element of no kind', [entry({ 'x:a': {} })]],
    ['a key that is no JSON', [entry({ 'k:{': {} })]],
    ['a member of an object', [entry({ __proto__: {}, constructor: {} })]],
    ['fields of another type', [{ ...entry({ 'f:a': {} }), fieldsType: 'FieldsV2' }]],
  ])('do not take %s for owners', (_, managedFields) => {
    expect(managersOf(configMap({}, { managedFields }))).toEqual([]);
  });
});

function entry(fieldsV1: object): object {
  return { manager: 'a', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
}
