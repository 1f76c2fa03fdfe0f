import { describe, expect, it } from 'vitest';
import { isLocalHost, tokenAuthenticator } from '../../../src/cluster/adapters/http/index.ts';
import { aggregatedDiscovery, objectForm } from '../../../src/cluster/adapters/http/negotiate.ts';
import { parseRoute } from '../../../src/cluster/adapters/http/routes.ts';
import { checkSchema, list, oneOf, optional, record, text, whole } from '../../../src/cluster/schemas/index.ts';

describe('a URL', () => {
  const rows: readonly [string, object][] = [
    ['/api/v1/pods', { kind: 'objects', info: 'Pod' }],
    ['/api/v1/namespaces', { kind: 'objects', info: 'Namespace' }],
    ['/api/v1/namespaces/a', { kind: 'objects', info: 'Namespace', name: 'a' }],
    ['/api/v1/namespaces/a/status', { kind: 'objects', info: 'Namespace', name: 'a', subresource: 'status' }],
    ['/api/v1/namespaces/a/pods', { kind: 'objects', info: 'Pod', namespace: 'a' }],
    [
      '/api/v1/namespaces/a/pods/b/log',
      { kind: 'objects', info: 'Pod', namespace: 'a', name: 'b', subresource: 'log' },
    ],
    [
      '/apis/pipectl.dev/v1/namespaces/a/executions/b',
      { kind: 'objects', info: 'Execution', namespace: 'a', name: 'b' },
    ],
    ['/apis/pipectl.dev/v1/executions/', { kind: 'objects', info: 'Execution' }],
    ['/apis/pipectl.dev/v1/executions/b', { kind: 'path', path: '/apis/pipectl.dev/v1/executions/b' }],
    ['/apis/pipectl.dev/v1', { kind: 'path', path: '/apis/pipectl.dev/v1' }],
    ['/apis/pipectl.dev/v2/executions', { kind: 'path', path: '/apis/pipectl.dev/v2/executions' }],
    ['/apis/constructor/v1/__proto__', { kind: 'path', path: '/apis/constructor/v1/__proto__' }],
    ['//api//v1//pods', { kind: 'objects', info: 'Pod' }],
    ['/', { kind: 'path', path: '/' }],
  ];
  it.each(rows)('%s', (url, expected) => {
    const { query: _, ...route } = parseRoute(url);
    expect('info' in route ? { ...route, info: route.info.kind } : route).toEqual(expected);
  });

  it('with a broken escape is refused', () => {
    expect(() => parseRoute('/api/v1/pods/%zz')).toThrow('percent-encoding');
  });
});

describe('an Accept header', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  it.each([
    [undefined, 'object'],
    ['*/*', 'object'],
    ['application/json', 'object'],
    [`${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, 'table'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'object'],
    ['application/vnd.kubernetes.protobuf,application/json', 'object'],
    ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', 'metadata'],
  ])('%s asks for %s', (accept, form) => {
    expect(objectForm(accept)).toBe(form);
  });

  it('that only other encodings would satisfy is refused', () => {
    expect(() => objectForm('application/vnd.kubernetes.protobuf')).toThrow('application/json');
  });

  it('asks for discovery in one answer', () => {
    const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    expect(aggregatedDiscovery(`${v2},application/json`)).toBe('v2');
    expect(aggregatedDiscovery(`application/json,${v2}`)).toBeUndefined();
    expect(aggregatedDiscovery(undefined)).toBeUndefined();
  });
});

describe('the guard', () => {
  it.each([
    ['127.0.0.1:6443', true],
    ['localhost', true],
    ['[::1]:80', true],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example:80', false],
    ['evil.example', false],
    [undefined, false],
  ])('Host %s is local: %s', (host, expected) => {
    expect(isLocalHost(host)).toBe(expected);
  });

  it('knows its token and no other', () => {
    const authenticate = tokenAuthenticator('secret', { name: 'me', groups: [], scopes: [{ kind: 'admin' as const }] });
    expect([authenticate('secret')?.name, authenticate('secre'), authenticate('secret2')]).toEqual([
      'me',
      undefined,
      undefined,
    ]);
  });
});

describe('a schema', () => {
  const schema = record(
    {
      name: text('A name.'),
      size: optional(whole('A size.')),
      mode: optional(oneOf(['on', 'off'], 'A mode.')),
      tags: optional(list(text('A tag.'), 'Tags.')),
    },
    'A thing.',
  );
  it.each([
    ['accepts what fits', { name: 'a', size: 1, mode: 'on', tags: ['x'] }, []],
    ['names a missing field', {}, ['spec.name: Required value']],
    ['names a wrong type', { name: 1 }, ['spec.name: must be of type string: 1']],
    ['names an item', { name: 'a', tags: ['x', 2] }, ['spec.tags[1]: must be of type string: 2']],
    ['names a choice', { name: 'a', mode: 'x' }, ['spec.mode: Unsupported value: "x": supported values: on, off']],
    ['names an unknown field', { name: 'a', nome: 'b' }, ['spec.nome: unknown field "spec.nome"']],
    [
      'takes no inherited name for a field',
      { name: 'a', constructor: 1 },
      ['spec.constructor: unknown field "spec.constructor"'],
    ],
  ])('%s', (_, value, expected) => {
    expect(checkSchema(schema, value, 'spec').map(({ field, message }) => `${field}: ${message}`)).toEqual(expected);
  });
});
