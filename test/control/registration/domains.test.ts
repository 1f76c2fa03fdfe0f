import { describe, expect, it } from 'vitest';
import type { ProjectSettings } from '../../../src/compiler/index.ts';
import { type Domains, moveDomains } from '../../../src/control/registration/domains.ts';

function project(domains: Record<string, string>): ProjectSettings {
  return {
    name: 'shop',
    paths: [],
    domains: Object.fromEntries(Object.entries(domains).map(([name, ref]) => [name, { ref }])),
  };
}

const usual = project({ production: 'main', development: '*' });

describe('moveDomains', () => {
  it.each<[string, Domains | undefined, Parameters<typeof moveDomains>[1], Record<string, readonly string[]>]>([
    [
      'a first push of a tracked branch',
      undefined,
      [{ branch: 'main', commit: 'c1', project: usual }],
      { production: ['main', 'c1'], development: ['*'] },
    ],
    [
      'a first push of another branch',
      undefined,
      [{ branch: 'side', commit: 'c1', project: usual }],
      { production: ['main'], development: ['*'] },
    ],
    [
      'a first push of several: the tracked one decides',
      undefined,
      [
        { branch: 'side', commit: 'c2', project: project({ production: 'other' }) },
        { branch: 'main', commit: 'c1', project: usual },
      ],
      { production: ['main', 'c1'], development: ['*'] },
    ],
    [
      'another branch that wants to be tracked',
      { production: { ref: 'main', desired: 'c1' } },
      [{ branch: 'evil', commit: 'c2', project: project({ production: 'evil' }) }],
      { production: ['main', 'c1'] },
    ],
    [
      'the tracked branch handing over to another',
      { production: { ref: 'main', desired: 'c1' } },
      [{ branch: 'main', commit: 'c2', project: project({ production: 'release' }) }],
      { production: ['release', 'head-of-release'] },
    ],
    [
      'the tracked branch giving up a domain',
      { production: { ref: 'main', desired: 'c1' }, staging: { ref: 'main', desired: 'c1' } },
      [{ branch: 'main', commit: 'c2', project: project({ production: 'main' }) }],
      { production: ['main', 'c2'], staging: [''] },
    ],
    [
      'the tracked branch deleted',
      { production: { ref: 'main', desired: 'c1' } },
      [{ branch: 'main' }],
      { production: ['main', 'c1'] },
    ],
    [
      'a domain named like an object member',
      undefined,
      [{ branch: 'main', commit: 'c1', project: project({ constructor: 'main' }) }],
      { constructor: ['main', 'c1'] },
    ],
  ])('%s', (_name, before, moved, expected) => {
    const heads = (branch: string): string | undefined => (branch === 'release' ? 'head-of-release' : undefined);
    const after = moveDomains(before, moved, heads);
    const shown: Record<string, readonly string[]> = Object.fromEntries(
      Object.entries(after).map(([name, { ref, desired }]) => [name, desired ? [ref, desired] : [ref]]),
    );
    expect(shown).toEqual(expected);
  });

  it('says that a tracked branch is gone', () => {
    const after = moveDomains({ production: { ref: 'main', desired: 'c1' } }, [{ branch: 'main' }], () => undefined);
    expect(after.production?.message).toContain('is gone');
  });
});
