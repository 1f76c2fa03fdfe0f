import type { DiagnosticCode } from './code.ts';
import { example, task } from './examples.ts';

const add = (spec: string): string =>
  example('kind: Task', 'metadata: { name: add }', `spec: { run: { command: [sh, add.sh] }, ${spec} }`);
const nightly = (spec: string): string =>
  example('kind: Schedule', 'metadata: { name: nightly }', `spec: { launchPlan: nightly, every: 1d, ${spec} }`);

/** Types, and values that do not fit them. */
export const VALUE_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-TYPE-001',
    severity: 'error',
    title: 'a type cannot be read',
    explanation:
      'The types are integer, float, string, boolean, datetime, duration, file, directory, json, list<T>, map<T>, enum<a|b>, records {x: T, y?: T}, table<col: T>, optionals T? and unions T | U. A record needs quotes in YAML: "{x: integer}".',
    wrong: add('inputs: { a: int }'),
    right: add('inputs: { a: integer }'),
  },
  {
    code: 'PIPE-VALUE-001',
    severity: 'error',
    title: 'a default does not fit its type',
    explanation: 'The default must be a value of the declared type: exact, save that an integer may stand for a float.',
    wrong: add('inputs: { a: { type: integer, default: many } }'),
    right: add('inputs: { a: { type: integer, default: 7 } }'),
  },
  {
    code: 'PIPE-VALUE-002',
    severity: 'error',
    title: 'a duration cannot be read',
    explanation:
      'Durations are numbers with units, `90s`, `1h30m`, `30d` (ms, s, m, h, d, w), or ISO 8601, `PT5M`. Months and years have no fixed length.',
    wrong: add('timeout: { run: 5 minutes }'),
    right: add('timeout: { run: 5m }'),
  },
  {
    code: 'PIPE-VALUE-003',
    severity: 'error',
    title: 'a quantity cannot be read',
    explanation:
      'Quantities are written as in Kubernetes: a number and n, u, m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei. `500m` of cpu is half a core; `512Mi` of memory are 512 × 1024 × 1024 bytes.',
    wrong: add('resources: { limits: { memory: 512 MB } }'),
    right: add('resources: { limits: { memory: 512Mi } }'),
  },
  {
    code: 'PIPE-VALUE-004',
    severity: 'error',
    title: 'a date and time cannot be read',
    explanation:
      'Instants are RFC 3339 with an offset: 2026-01-02T03:04:05Z or 2026-01-02T04:04:05+01:00. The day must exist.',
    wrong: nightly('start: 2026-02-30T00:00:00Z'),
    right: nightly('start: 2026-02-28T00:00:00Z'),
  },
  {
    code: 'PIPE-VALUE-005',
    severity: 'error',
    title: 'a limit is below its request',
    explanation: 'An attempt may never use less than it asks for: the limit is at least the request, as in Kubernetes.',
    wrong: add('resources: { requests: { memory: 1Gi }, limits: { memory: 500Mi } }'),
    right: add('resources: { requests: { memory: 300Mi }, limits: { memory: 500Mi } }'),
  },
  {
    code: 'PIPE-VALUE-006',
    severity: 'error',
    title: 'two values contradict each other',
    explanation:
      "A schedule ends after it starts, and an autoscaler's maximum is not below its minimum. The message names both values.",
    wrong: nightly('start: 2026-02-01T00:00:00Z, end: 2026-01-01T00:00:00Z'),
    right: nightly('start: 2026-01-01T00:00:00Z, end: 2026-02-01T00:00:00Z'),
  },
  {
    code: 'PIPE-VALUE-007',
    severity: 'warning',
    title: 'a quantity of memory is below one byte',
    explanation: '`m` means a thousandth, so `400m` of memory is 0.4 bytes. `400Mi` was meant, most likely.',
    wrong: add('resources: { limits: { memory: 400m } }'),
    right: add('resources: { limits: { memory: 400Mi } }'),
  },
  {
    code: 'PIPE-VALUE-008',
    severity: 'error',
    title: 'sharding does not fit its strategy',
    explanation:
      'With strategy `hash`, `shards` is how many there are. With `project` or `domain` it lists the ids of each shard, each id once, `*` for the rest.',
    wrong: example(
      'kind: Platform',
      'metadata: { name: default }',
      'spec: { propeller: { sharding: { strategy: project, shards: 4 } } }',
    ),
    right: example(
      'kind: Platform',
      'metadata: { name: default }',
      'spec: { propeller: { sharding: { strategy: hash, shards: 4 } } }',
    ),
  },
  {
    code: 'PIPE-VALUE-009',
    severity: 'error',
    title: 'annotations are too large',
    explanation: 'All annotations of one object have at most 256 KiB, as in Kubernetes.',
    wrong: '# a task with hundreds of kilobytes of annotations',
    right: task('add'),
    wrongBytes: () => {
      const notes = Array.from({ length: 5 }, (_, i) => `    a${i}: "${'x'.repeat(60_000)}"`).join('\n');
      return new TextEncoder().encode(task('add').replace('{ name: add }', `\n  name: add\n  annotations:\n${notes}`));
    },
  },
  {
    code: 'PIPE-VALUE-010',
    severity: 'error',
    title: 'a bucket cannot stand in the name of its host',
    explanation:
      "Without `pathStyle: true` requests go to `<bucket>.<host>`. There is no such name where the host is an IP address, and the host's certificate is not good for it where the bucket has a dot. With `pathStyle: true` the bucket stands in the path.",
    wrong: example(
      'kind: Platform',
      'metadata: { name: default }',
      'spec: { objectStore: { s3: { bucket: pipelines, endpoint: "http://10.0.0.7:9000" } } }',
    ),
    right: example(
      'kind: Platform',
      'metadata: { name: default }',
      'spec: { objectStore: { s3: { bucket: pipelines, endpoint: "http://10.0.0.7:9000", pathStyle: true } } }',
    ),
  },
];
