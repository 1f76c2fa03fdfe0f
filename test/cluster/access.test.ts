import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseScope } from '../../src/cli/parse-scope.ts';
import {
  accessOf,
  fieldBeyond,
  KINDS,
  OPERATOR,
  type PolicyRule,
  scopeText,
  type TokenScope,
  VIEWER,
} from '../../src/cluster/index.ts';

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const SCOPES: Readonly<Record<string, readonly TokenScope[]>> = {
  nothing: [],
  read: [{ kind: 'read' }],
  push: [{ kind: 'push', refs: ['*'] }],
  operate: [{ kind: 'operate' }],
  'operate here': [{ kind: 'operate', namespaces: ['here'] }],
  'push and operate here': [
    { kind: 'push', refs: ['main'] },
    { kind: 'operate', namespaces: ['here'] },
  ],
  admin: [{ kind: 'admin' }],
};

/** `verb kind` of all that the scopes allow in a namespace, those with a limit behind `~`. */
function allowed(scopes: readonly TokenScope[], namespace: string): readonly string[] {
  return KINDS.flatMap(({ kind }) =>
    VERBS.flatMap((verb) => {
      const access = accessOf(scopes, { verb, kind, namespace });
      return access.kind === 'denied' ? [] : [`${access.kind === 'limited' ? '~' : ''}${verb} ${kind}`];
    }),
  );
}

const LOOKS = KINDS.filter(({ kind }) => kind !== 'Secret' && kind !== 'Token').length * 3;
const changes = (scopes: readonly TokenScope[], namespace: string): readonly string[] =>
  allowed(scopes, namespace).filter((what) => !/^(get|list|watch) /.test(what));
const RUNS = ['Backfill', 'Execution'].flatMap((kind) =>
  ['create', 'update', 'patch', 'delete', 'deletecollection'].map((verb) => `${verb} ${kind}`),
);
const LIMITED = ['~patch Repository', '~patch Schedule'];
const CLEARS = ['delete CacheEntry', 'deletecollection CacheEntry'];

describe('scopes', () => {
  it.each([
    ['nothing', 0, [], []],
    ['read', LOOKS, [], []],
    ['push', 0, [], []],
    ['operate', LOOKS, [...LIMITED, ...RUNS, ...CLEARS], [...LIMITED, ...RUNS, ...CLEARS]],
    ['operate here', LOOKS, [...LIMITED, ...RUNS, ...CLEARS], []],
    ['push and operate here', LOOKS, [...LIMITED, ...RUNS, ...CLEARS], []],
  ])('%s look at %d and change what they say', (name, looks, here, there) => {
    const scopes = SCOPES[name] ?? [];
    expect(allowed(scopes, 'here').filter((what) => /^(get|list|watch) /.test(what))).toHaveLength(looks);
    expect(changes(scopes, 'here')).toEqual(here);
    expect(changes(scopes, 'there')).toEqual(there);
  });

  it('of an admin allow everything, also what is not known', () => {
    const admin = SCOPES.admin ?? [];
    expect(allowed(admin, 'here')).toHaveLength(KINDS.length * VERBS.length);
    expect(accessOf(admin, { verb: '*', kind: '*' }).kind).toBe('allowed');
    for (const scopes of [SCOPES.read ?? [], SCOPES.operate ?? []]) {
      expect(accessOf(scopes, { verb: '*', kind: '*' }).kind).toBe('denied');
      expect(accessOf(scopes, { verb: 'patch', kind: 'Execution', subresource: 'status' }).kind).toBe('denied');
      expect(accessOf(scopes, { verb: 'get', kind: 'Pod', subresource: 'log' }).kind).toBe('allowed');
      expect(accessOf(scopes, { verb: 'get', kind: 'Secret', subresource: 'status' }).kind).toBe('denied');
    }
  });

  it.each(['read', 'admin', 'operate', 'operate:a,b', 'push:main', 'push:main,release/*@shop,store'])(
    '%s is written as it is read',
    (text) => {
      expect(scopeText(parseScope(text))).toBe(text);
    },
  );

  it.each(['', 'write', 'read:x', 'admin@x', 'operate:', 'operate:a@b', 'push:', 'push:a,,b', 'push:a@'])(
    '%j is none',
    (text) => {
      expect(() => parseScope(text)).toThrow(/scope|empty/);
    },
  );
});

describe('fieldBeyond', () => {
  const fields = [
    ['spec', 'suspended'],
    ['metadata', 'annotations', 'pipectl.dev/'],
  ];
  it.each([
    [{ spec: { suspended: true } }, undefined],
    [{ apiVersion: 'v1', kind: 'X', metadata: { name: 'x', resourceVersion: '1' } }, undefined],
    [{ metadata: { annotations: { 'pipectl.dev/sync-requested-at': 'now' } } }, undefined],
    [{ metadata: { annotations: { 'pipectl.dev/x': null } } }, undefined],
    [{ metadata: { annotations: { other: 'x' } } }, 'metadata.annotations.other'],
    [{ metadata: { annotations: { pipectl: { 'dev/x': 'y' } } } }, 'metadata.annotations.pipectl'],
    [{ metadata: null }, 'metadata'],
    [{ spec: null }, 'spec'],
    [{ spec: [] }, 'spec'],
    [{ 'spec.suspended': true }, 'spec.suspended'],
    [{ spec: { suspended: true, rules: [] } }, 'spec.rules'],
    [JSON.parse('{ "spec": { "__proto__": { "rules": [] } } }'), 'spec.__proto__'],
  ])('of %j is %s', (patch, beyond) => {
    expect(fieldBeyond(patch, fields)).toBe(beyond);
  });

  it('finds every change that is not listed', () => {
    const name = fc.constantFrom('spec', 'suspended', 'metadata', 'annotations', 'pipectl.dev/x', 'rules');
    const { patch } = fc.letrec((tie) => ({
      patch: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('patch'))),
      leaf: fc.constantFrom(true, null, 'x'),
    }));
    const leaves = (value: unknown, path: readonly string[] = []): readonly string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]))
        : [path.join('>')];
    const fine = new Set(['spec>suspended', 'metadata>annotations>pipectl.dev/x']);
    fc.assert(
      fc.property(patch, (value) => {
        const isFine = leaves(value).every((leaf) =>
          [...fine].some((one) => leaf === one || leaf.startsWith(`${one}>`)),
        );
        // A patch without leaves changes nothing that is not an empty object.
        return fieldBeyond(value as never, fields) !== undefined || isFine;
      }),
    );
  });
});

describe('deploy/cluster-roles.yaml', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'deploy', 'cluster-roles.yaml'), 'utf8');
  const roles = new Map(
    parseAllDocuments(text).map((document) => {
      const { metadata, rules } = document.toJS() as { metadata: { name: string }; rules: readonly PolicyRule[] };
      return [metadata.name, rules] as const;
    }),
  );

  function mayDo(role: string, kind: string, verb: string): boolean {
    const { group = '', plural = '' } = KINDS.find((info) => info.kind === kind) ?? {};
    const has = (list: readonly string[], item: string): boolean => list.includes(item) || list.includes('*');
    return (roles.get(role) ?? []).some(
      ({ apiGroups, resources, verbs }) => has(apiGroups, group) && has(resources, plural) && has(verbs, verb),
    );
  }

  it('allows on Kubernetes what the scopes allow here', () => {
    for (const { kind } of KINDS) {
      for (const verb of VERBS) {
        const isLimited = OPERATOR.some((rule) => rule.kind === kind && rule.fields !== undefined);
        const asOperator = accessOf(SCOPES.operate ?? [], { verb, kind }).kind === 'allowed';
        expect([kind, verb, mayDo('pipectl-viewer', kind, verb)]).toEqual([
          kind,
          verb,
          accessOf(SCOPES.read ?? [], { verb, kind }).kind === 'allowed',
        ]);
        expect([kind, verb, mayDo('pipectl-operator', kind, verb)]).toEqual([kind, verb, asOperator]);
        if (isLimited && verb === 'patch') expect(mayDo('pipectl-repository-operator', kind, verb)).toBe(true);
      }
    }
    expect(VIEWER.length).toBeGreaterThan(20);
  });
});
