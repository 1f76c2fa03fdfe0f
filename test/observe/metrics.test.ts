import { describe, expect, it } from 'vitest';
import { BugError, MAX_METRIC_SERIES } from '../../src/base/index.ts';
import { createRegistry } from '../../src/observe/index.ts';

describe('createRegistry', () => {
  it('prints each type as Prometheus reads it', () => {
    const registry = createRegistry();
    const pushes = registry.counter('pushes_total', 'Pushes.\nBy result.', { labels: ['result'] });
    pushes.add(1, ['registered']);
    pushes.add(2, ['re"jec\\ted\n']);
    registry.gauge('workers', 'Free workers.').set(3.5);
    const seconds = registry.histogram('round_seconds', 'A round.', { buckets: [0.1, 1] });
    for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value);
    expect(registry.text()).toBe(
      [
        '# HELP pipectl_metrics_dropped_series Updates dropped because a metric had too many series.',
        '# TYPE pipectl_metrics_dropped_series gauge',
        'pipectl_metrics_dropped_series 0',
        '# HELP pushes_total Pushes.\\nBy result.',
        '# TYPE pushes_total counter',
        'pushes_total{result="registered"} 1',
        'pushes_total{result="re\\"jec\\\\ted\\n"} 2',
        '# HELP workers Free workers.',
        '# TYPE workers gauge',
        'workers 3.5',
        '# HELP round_seconds A round.',
        '# TYPE round_seconds histogram',
        'round_seconds_bucket{le="0.1"} 2',
        'round_seconds_bucket{le="1"} 3',
        'round_seconds_bucket{le="+Inf"} 4',
        'round_seconds_sum 7.65',
        'round_seconds_count 4',
        '',
      ].join('\n'),
    );
  });

  it('shows a metric without labels before its first update', () => {
    const registry = createRegistry();
    registry.counter('conflicts_total', 'Conflicts.');
    expect(registry.text()).toContain('\nconflicts_total 0\n');
  });

  it('asks a reading gauge at each scrape', () => {
    const registry = createRegistry();
    let depth = 1;
    registry.gauge('depth', 'Depth.', { read: () => depth });
    expect(registry.text()).toContain('\ndepth 1\n');
    depth = 2;
    expect(registry.text()).toContain('\ndepth 2\n');
  });

  it('keeps a bound on series and counts what it drops', () => {
    const registry = createRegistry();
    const counter = registry.counter('c', 'C.', { labels: ['name'] });
    for (let at = 0; at < MAX_METRIC_SERIES + 5; at++) counter.add(1, [`n${at}`]);
    const text = registry.text();
    expect(text.match(/^c\{/gm)).toHaveLength(MAX_METRIC_SERIES);
    expect(text).toContain('\npipectl_metrics_dropped_series 5\n');
  });

  it.each([
    ['a name that Prometheus refuses', () => createRegistry().counter('free-workers', 'x')],
    [
      'a name declared twice',
      () => {
        const registry = createRegistry();
        registry.counter('a', 'x');
        registry.gauge('a', 'x');
      },
    ],
    [
      'missing label values',
      () =>
        createRegistry()
          .counter('a', 'x', { labels: ['b'] })
          .add(),
    ],
  ])('takes %s for a bug', (_, run) => {
    expect(run).toThrow(BugError);
  });
});

describe('a metric that is read', () => {
  it.each(['counter', 'gauge'] as const)('as a %s has the value of the moment of the scrape', (kind) => {
    const registry = createRegistry();
    let value = 1;
    registry[kind]('pipectl_things', 'Things.', { read: () => value });
    value = 498;
    expect(registry.text()).toContain(`# TYPE pipectl_things ${kind}\npipectl_things 498\n`);
  });
});
