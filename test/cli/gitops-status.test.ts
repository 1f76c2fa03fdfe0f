import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeRepository, isHealthy } from '../../src/cli/describe-repository.ts';
import { suspensionOf, suspensionPatch } from '../../src/cli/suspension.ts';
import { API_VERSION, type DomainStatus, type Repository, type Revision } from '../../src/cluster/index.ts';
import { type ControlPlane, openControlPlane, pipe } from './control-plane.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');
const [OLD, NEW] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string];

function repository(domain: Partial<DomainStatus>, rest: Partial<Repository> = {}): Repository {
  return {
    apiVersion: API_VERSION,
    kind: 'Repository',
    metadata: { namespace: 'pipectl-system', name: 'shop' },
    spec: { source: { kind: 'push' } },
    status: {
      project: 'shop',
      domains: { production: { ref: 'main', desired: NEW, lastApplied: NEW, ...domain } },
      conditions: [],
    },
    ...rest,
  };
}

function told(it: Repository): string {
  return describeRepository(
    { repository: it, revisions: new Map(), now: NOW },
    pipe(() => {}),
  );
}

describe('reviews of pull requests', () => {
  const reviews = { provider: 'gitlab', token: { name: 'bot', key: 'token' } } as const;
  const spec: Repository['spec'] = { source: { kind: 'remote', url: 'https://host/shop.git' }, reviews };

  it('are told one by one, and what keeps others from being made', () => {
    expect(told(repository({}, { spec }))).toMatch(/^Reviews: +not looked at yet$/m);
    const { status } = repository({});
    const conditions = [
      {
        type: 'ReviewsPosted',
        status: 'False',
        reason: 'HostForbidden',
        message: 'the token \u001b[31mmay not',
        lastTransitionTime: '2026-01-02T03:04:00Z',
      },
    ] as const;
    const reviewed = {
      7: { head: NEW, base: OLD, verdict: '1 schedule changed' },
      12: { head: OLD, base: OLD, verdict: 'not reviewed: the review takes too much time' },
    };
    const text = told(
      repository(
        {},
        { spec, status: { ...status, conditions, reviews: { reviewed, nextAttemptAt: '2026-01-02T03:05:00Z' } } },
      ),
    );
    expect(text).toMatch(/^Reviews: +failed, next try 2026-01-02T03:05:00Z: the token \S*may not$/m);
    expect(text).not.toContain('\u001b');
    expect(text).toContain(
      `     12  ${OLD.slice(0, 7)}  not reviewed: the review takes too much time\n      7  ${NEW.slice(0, 7)}  1 schedule changed`,
    );
  });
});

describe('what status tells', () => {
  it.each<[string, Partial<DomainStatus>, string]>([
    ['a commit that is not applied', { desired: NEW, lastApplied: OLD }, `  Wanted:  ${NEW.slice(0, 7)}\n`],
    [
      'a definition that failed',
      { failed: [{ kind: 'Workflow', name: 'etl', message: 'closure is missing' }] },
      '  failed   Workflow/etl: closure is missing\n',
    ],
    [
      'a removal that waits',
      { waiting: [{ kind: 'Schedule', name: 'nightly', reason: 'prune: confirm' }] },
      '  waits    Schedule/nightly to be removed: prune: confirm\n',
    ],
    [
      'removals that are held',
      { pruneHeld: { count: 9, of: 10, reason: 'too many' } },
      '  held     9 of 10 definitions were not removed: too many\n',
    ],
  ])('%s, and that it is not as git has it', (_, domain, line) => {
    const it = repository(domain);
    expect([isHealthy(it), told(it)]).toEqual([false, expect.stringContaining(line)]);
  });

  it('changes past git, with who made them, and commits that were active', () => {
    const drift = [
      { kind: 'Task', name: 'sum', what: 'edited', by: 'kubectl', at: '2026-01-02T03:00:05Z', state: 'healed' },
    ] as const;
    const history = [{ commit: NEW, at: '2026-01-02T03:04:00Z', created: 1, updated: 2, pruned: 3 }];
    const it = repository({ drift, history });
    expect(isHealthy(it)).toBe(true);
    expect(told(it)).toContain('  drift    Task/sum edited by kubectl 4m ago: healed\n');
    expect(told(it)).toContain(`  history  ${NEW.slice(0, 7)}, 5s ago: 1 created, 2 updated, 3 removed\n`);
  });

  it('definitions that no commit has, which make it not as git has it', () => {
    const at = '2026-01-02T03:00:05Z';
    const it = repository({ drift: [{ kind: 'Task', name: 'x', what: 'added', by: 'mallory', at, state: 'kept' }] });
    expect(isHealthy(it)).toBe(false);
    expect(told(it)).toContain('  foreign  Task/x added by mallory 4m ago: no commit has it\n');
    expect(told(it)).not.toContain('drift');
  });

  it('as much of long subjects as the terminal has room for', () => {
    const history = [{ commit: NEW, at: '2026-01-02T03:04:00Z', created: 1, updated: 2, pruned: 3 }];
    const it = repository({ lastAppliedAt: '2026-01-02T03:04:00Z', history });
    const spec = { subject: 'Ask the weather service of the region first', author: 'Ada <ada@example.org>' };
    const revisions = new Map([[NEW, { spec } as Revision]]);
    const terminal = { ...pipe(() => {}), columns: 80 };
    const lines = describeRepository({ repository: it, revisions, now: NOW }, terminal).split('\n');
    const named = lines.filter((line) => line.includes(NEW.slice(0, 7)));
    expect(named).toEqual([
      `  Active:  ${NEW.slice(0, 7)} Ask the weather service of the region first (Ada), 5s ago`,
      `  history  ${NEW.slice(0, 7)} Ask the weat… (Ada), 5s ago: 1 created, 2 updated, 3 removed`,
    ]);
  });

  it('what a person or a remote wrote without letting it touch the terminal', () => {
    const message = '\u001b[31mred';
    const failed = [{ kind: 'Task', name: '\u001b[2J', message }];
    const it = repository(
      { failed, message },
      { spec: { source: { kind: 'remote', url: `https://x.example/${message}` } } },
    );
    expect(told(it)).not.toContain('\u001b');
  });

  it('no credentials that somebody put into a URL', () => {
    const it = repository({}, { spec: { source: { kind: 'remote', url: 'https://ada:hunter2@git/shop' } } });
    expect(told(it)).toMatch(/^Source: +https:\/\/git\/shop, polled every 1m$/m);
  });

  it('why a source cannot be reached', () => {
    const source = { failures: 3, message: 'no route', nextAttemptAt: '2026-01-02T03:05:00Z' };
    const it = repository({}, { status: { ...repository({}).status, source } });
    expect(told(it)).toMatch(/^Polled: +failed 3 times, next try 2026-01-02T03:05:00Z: no route$/m);
  });
});

describe('a suspension', () => {
  it('is read back, whatever somebody else wrote in its place', () => {
    const suspension = { by: 'ada', at: '2026-01-02T03:00:00Z', reason: 'incident' };
    const { metadata, spec } = suspensionPatch(suspension) as unknown as Pick<Repository, 'metadata' | 'spec'>;
    expect(suspensionOf(repository({}, { metadata, spec }))).toEqual(suspension);
    const other = { ...metadata, annotations: { 'pipectl.dev/suspension': '[1' } };
    expect(suspensionOf(repository({}, { metadata: other, spec }))).toEqual({});
    expect(suspensionOf(repository({}, { metadata }))).toBeUndefined();
  });
});

describe('pipectl sync --confirm-removals', () => {
  let plane: ControlPlane;
  const key = { kind: 'Repository', namespace: 'pipectl-system', name: 'ticketing' };
  beforeAll(async () => {
    plane = await openControlPlane();
  });
  afterAll(() => plane.close());

  it('is refused when nothing waits', async () => {
    expect(await plane.run('sync', '--confirm-removals')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing of repository ticketing waits to be removed'),
    });
  });

  it('confirms what the commit at hand removes, and nothing later', async () => {
    const pruneHeld = { count: 9, of: 10, reason: 'too many' };
    const { status } = await plane.api.store.get<Repository>(key);
    await plane.api.store.write([{ op: 'patchStatus', key, patch: { domains: { production: { pruneHeld } } } }]);
    expect(await plane.run('sync', '--confirm-removals')).toMatchObject({ code: 0 });
    const { metadata } = await plane.api.store.get<Repository>(key);
    expect(metadata.annotations).toMatchObject({
      'pipectl.dev/prune-confirmed': status?.domains?.production?.desired,
      'pipectl.dev/sync-requested-at': expect.stringMatching(/^\d{4}-/),
    });
  });
});
