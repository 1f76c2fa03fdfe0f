import { describe, expect, it } from 'vitest';
import {
  activeEntries,
  domainOf,
  type EntityEntry,
  entityBucket,
  entryBucket,
  entryKey,
} from '../../src/cluster/index.ts';

function entry(name: string, domains?: readonly string[]): EntityEntry {
  const rest = { file: 'a.yaml', blob: 'b', digest: `${name} ${domains}`, refs: [], folders: [] };
  return { kind: 'LaunchPlan', name, ...rest, ...(domains !== undefined && { domains }) };
}

describe('entities of a commit in a domain', () => {
  const own = entry('load', ['production']);
  const everywhere = entry('load');
  const other = entry('save');

  it('are those for every domain, but where one is for this domain', () => {
    const entries = [everywhere, own, other];
    expect(activeEntries(entries, 'development')).toEqual([everywhere, other]);
    expect(activeEntries(entries, 'production')).toEqual([other, own]);
    expect(activeEntries([own], 'development')).toEqual([]);
  });

  it('are the same list where no domain has its own', () => {
    const entries = [everywhere, other];
    expect(activeEntries(entries, 'production')).toBe(entries);
  });

  it('of one name stand in one bucket, each under its own key', () => {
    expect(entryKey(own)).toBe('LaunchPlan/load@production');
    expect(entryKey(everywhere)).toBe('LaunchPlan/load');
    expect(entryBucket(entryKey(own))).toBe(entityBucket('LaunchPlan/load'));
  });

  it.each([
    ['a-b-c', 'a-b', 'c'],
    ['a-b-c', 'a', 'b-c'],
    ['a-b-c', 'b', ''],
    ['a-b', undefined, ''],
  ])('the namespace %s of project %s is that of domain "%s"', (namespace, project, domain) => {
    expect(domainOf(namespace, project)).toBe(domain);
  });
});
