import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { installedVersion, isOlder } from '../../src/cli/installed-version.ts';
import { systemNamespace } from '../../src/deploy/index.ts';

it('reads the version from the namespace that an installation makes', () => {
  expect(installedVersion(JSON.parse(JSON.stringify(systemNamespace('1.2.3'))))).toBe('1.2.3');
  expect(installedVersion({ metadata: { labels: { 'app.kubernetes.io/part-of': 'pipectl' } } })).toMatch(/unknown/);
});

it.each<JsonObject | undefined>([
  undefined,
  {},
  { metadata: {} },
  { metadata: { labels: { 'app.kubernetes.io/part-of': 'other' } } },
])('takes %j for no installation', (namespace) => {
  expect(installedVersion(namespace)).toBeUndefined();
});

it.each([
  ['0.1.0', '0.1.1', true],
  ['0.9.0', '0.10.0', true],
  ['1.0.0', '0.10.0', false],
  ['0.1.0', '0.1.0', false],
  ['0.2.0', '0.1.9', false],
  ['0.1.0', 'of an unknown version', false],
])('%s before %s: %s', (a, b, expected) => {
  expect(isOlder(a, b)).toBe(expected);
});
