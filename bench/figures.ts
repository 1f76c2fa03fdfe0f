import type { Figure, Metric } from './figure.ts';

const nodeRate = { unit: 'nodes/s', floor: { key: 'floorPerSecond', title: 'bare group-committed log' } };

const ofHundred = { floor: { key: 'cpuMicros100', title: '100 nodes' }, target: { atMostOfFloor: 1.25 } };

/** Every figure of `npm run bench`, in the order of the report. */
export const FIGURES: readonly Figure[] = [
  {
    name: 'startup',
    title: 'Start of the command line',
    module: './figures/startup.ts',
    metrics: [
      {
        key: 'helpMs',
        title: 'pipectl --help',
        unit: 'ms',
        decimals: 1,
        floor: { key: 'nodeMs', title: 'node -e 0' },
        target: { atMostOfFloor: 2 },
      },
    ],
  },
  {
    name: 'action',
    title: 'The GitHub Action, one file',
    module: './figures/action.ts',
    metrics: [
      { key: 'sizeMb', title: 'its size', unit: 'MB', decimals: 2, target: { atMost: 3 } },
      {
        key: 'startMs',
        title: 'until it looks at its event',
        unit: 'ms',
        floor: { key: 'nodeMs', title: 'node -e 0' },
        target: { atMost: 300 },
      },
      { key: 'runnerMs', title: 'the same where Temporal is missing', unit: 'ms', target: { atMost: 300 } },
    ],
  },
  {
    name: 'tui',
    title: 'pipectl tui at 80 × 24 with 100,000 executions',
    module: './figures/tui.ts',
    isLong: true,
    metrics: [
      { key: 'firstFrameMs', title: 'first frame after start', unit: 'ms', target: { atMost: 250 } },
      { key: 'loadedMs', title: 'all executions listed', unit: 'ms' },
      {
        key: 'keyMs',
        title: 'key to frame, 200 changes a second, p50',
        unit: 'ms',
        decimals: 1,
        target: { atMost: 8 },
      },
      {
        key: 'keyMs',
        title: 'the same, p95',
        unit: 'ms',
        percentile: 95,
        decimals: 1,
        target: { atMost: 25 },
      },
      { key: 'quietKeyMs', title: 'key to frame while nothing changes, p50', unit: 'ms', decimals: 1 },
      { key: 'scrollBytes', title: 'bytes of a scroll step', unit: 'bytes', target: { atMost: 300 } },
      { key: 'residentMb', title: 'memory (RSS)', unit: 'MB', target: { atMost: 200 } },
      { key: 'idlePercent', title: 'processor while nothing happens', unit: '%', decimals: 2, target: { atMost: 1 } },
    ],
  },
  {
    name: 'validate',
    title: '10,000 files of 4.8 KB, 50,000 definitions, all compiled',
    module: './figures/validate.ts',
    metrics: [
      {
        key: 'coldMs',
        title: 'pipectl validate, nothing kept',
        unit: 'ms',
        floor: { key: 'floorMs', title: 'yaml and ajv alone, in one thread' },
        target: { atMost: 4_000 },
      },
      { key: 'coldCpuMs', title: 'its processor time, all threads', unit: 'ms' },
      { key: 'coldPeakMb', title: 'its memory (peak RSS)', unit: 'MB', target: { atMost: 600 } },
      {
        key: 'warmMs',
        title: 'again, nothing changed',
        unit: 'ms',
        decimals: 1,
        floor: { key: 'lookMs', title: 'Node that asks git what has changed' },
        target: { atMost: 100 },
      },
      { key: 'changedRunMs', title: 'again in a new process, one file changed', unit: 'ms' },
      { key: 'editedRunMs', title: 'again in a new process, the same file changed once more', unit: 'ms' },
      {
        key: 'changedMs',
        title: 'one changed file in a process that compiled the rest',
        unit: 'ms',
        decimals: 1,
        target: { atMost: 50 },
      },
      { key: 'longMs', title: 'one workflow of 10,000 nodes', unit: 'ms', target: { atMost: 1_000 } },
    ],
  },
  {
    name: 'diff',
    title: 'pipectl diff of two commits of 10,000 files of 4.8 KB',
    module: './figures/diff.ts',
    metrics: [
      {
        key: 'oneMs',
        title: 'one file changed',
        unit: 'ms',
        floor: { key: 'oneFloorMs', title: 'git diff --name-only' },
      },
      {
        key: 'manyMs',
        title: '1,000 files changed',
        unit: 'ms',
        floor: { key: 'manyFloorMs', title: 'git diff --name-only' },
      },
    ],
  },
  {
    name: 'review',
    title: 'pipectl review of 20 changed schedules among 10,000 definitions in 2,000 files of 4.8 KB',
    module: './figures/review.ts',
    metrics: [
      {
        key: 'coldMs',
        title: 'a new process',
        unit: 'ms',
        floor: { key: 'floorMs', title: 'git diff --stat' },
        target: { atMost: 1_500 },
      },
      { key: 'warmMs', title: 'in a process that has read them before', unit: 'ms', target: { atMost: 200 } },
      {
        key: 'yearMs',
        title: 'a year of 1,000 hourly schedules, by the minute',
        unit: 'ms',
        target: { atMost: 1_000 },
      },
    ],
  },
  {
    name: 'engine',
    title: '100 executions of 10 compute nodes in a chain, all live at once, every result durable',
    module: './figures/engine.ts',
    metrics: [
      { key: 'fusedPerSecond', title: 'chains fused', ...nodeRate, target: { atLeast: 60_000 } },
      { key: 'fusedCpuMicros', title: 'CPU per node, fused', unit: 'µs', decimals: 1, target: { atMost: 20 } },
      { key: 'stepPerSecond', title: 'each result durable before the next node', ...nodeRate },
      { key: 'stepCpuMicros', title: 'CPU per node, not fused', unit: 'µs', decimals: 1 },
    ],
  },
  {
    name: 'steps',
    title: '40 steps one after another, each durable before the next starts',
    module: './figures/steps.ts',
    metrics: [
      {
        key: 'ms',
        title: '40 steps',
        unit: 'ms',
        decimals: 1,
        floor: { key: 'floorMs', title: '40 bare O_DSYNC writes' },
        target: { atMost: 12 },
      },
      { key: 'syncsPerStep', title: 'syncs of the disk per step', unit: '', decimals: 2, target: { atMost: 1.05 } },
    ],
  },
  {
    name: 'growth',
    title: 'Graphs of all sizes, one execution at a time, each wave of 10 nodes durable before the next',
    module: './figures/growth.ts',
    metrics: [
      { key: 'cpuMicros10', title: 'CPU per node, graphs of 10 nodes', unit: 'µs', decimals: 1 },
      { key: 'cpuMicros100', title: '100 nodes', unit: 'µs', decimals: 1 },
      { key: 'cpuMicros1000', title: '1,000 nodes', unit: 'µs', decimals: 1, ...ofHundred },
      { key: 'cpuMicros10000', title: '10,000 nodes', unit: 'µs', decimals: 1, ...ofHundred },
      { key: 'bytes10', title: 'written per node, graphs of 10 nodes', unit: 'B', target: { atMost: 300 } },
      { key: 'bytes10000', title: '10,000 nodes', unit: 'B', target: { atMost: 300 } },
    ],
  },
  crowd('100,000', { name: 'crowd', module: './figures/crowd.ts' }),
  crowd('1,000,000', { name: 'crowd-million', module: './figures/crowd-million.ts', isLong: true }),
  {
    name: 'fan-out',
    title: 'One execution that fans out to no-op computes and waits for them, every result durable before that',
    module: './figures/fan-out.ts',
    metrics: [
      { key: 'nodesMs', title: '1,000 nodes', unit: 'ms', decimals: 1, target: { atMost: 20 } },
      { key: 'fewMs', title: 'a map of 1,000', unit: 'ms', decimals: 1, target: { atMost: 20 } },
      { key: 'manyMs', title: 'a map of 100,000', unit: 'ms', target: { atMost: 2_500 } },
      { key: 'stateBytes', title: 'its state, at its largest', unit: 'B', target: { atMost: 150_000 } },
      { key: 'bytes', title: 'written per result', unit: 'B', target: { atMost: 300 } },
    ],
  },
  {
    name: 'tasks',
    title: '2,000 times /bin/true',
    module: './figures/tasks.ts',
    metrics: [
      {
        key: 'mapPerSecond',
        title: 'one map of 2,000 subtasks',
        unit: 'tasks/s',
        floor: { key: 'spawnPerSecond', title: 'bare child_process.spawn loop' },
        target: { atLeastOfFloor: 1 },
      },
      {
        key: 'executionsPerSecond',
        title: '2,000 executions of one task',
        unit: 'tasks/s',
        floor: { key: 'spawnPerSecond', title: 'bare child_process.spawn loop' },
        target: { atLeastOfFloor: 1 },
      },
    ],
  },
  {
    name: 'cluster',
    title: 'One shard over HTTP, 5,000 queued executions of one pod each',
    module: './figures/cluster.ts',
    isLong: true,
    metrics: [
      {
        key: 'perSecond',
        title: 'from the start of its process',
        unit: '/s',
        floor: { key: 'barePerSecond', title: 'bare loop of create, patch and delete' },
        target: { atLeastOfFloor: 0.7 },
      },
      {
        key: 'upPerSecond',
        title: 'from when the first has begun',
        unit: '/s',
        floor: { key: 'barePerSecond', title: 'bare loop of create, patch and delete' },
        target: { atLeastOfFloor: 0.7 },
      },
      {
        key: 'upPerSecond',
        title: 'the same',
        unit: '/s',
        floor: { key: 'samePerSecond', title: 'its four requests by a loop that decides nothing' },
      },
      { key: 'seconds', title: 'until all are over', unit: 's', decimals: 1, target: { atMost: 60 } },
      { key: 'writes', title: 'writes of the shard each', unit: '', decimals: 2, target: { atMost: 3.05 } },
      { key: 'lists', title: 'lists to follow what is watched', unit: '' },
      { key: 'corrections', title: 'changes that a watch lost', unit: '', target: { atMost: 0 } },
      { key: 'residentMb', title: 'memory (RSS) with 10,000 live', unit: 'MB', target: { atMost: 150 } },
      { key: 'burstMb', title: 'the same at the moment when the last has begun', unit: 'MB' },
    ],
  },
  {
    name: 'push',
    title: 'One changed file pushed, until its domain shows the commit',
    module: './figures/push.ts',
    metrics: [
      {
        key: 'largeHookMs',
        title: 'hook → active, 10,000 definitions, p99',
        unit: 'ms',
        decimals: 1,
        percentile: 99,
        target: { atMost: 25 },
      },
      {
        key: 'largeHookMs',
        title: 'hook → active, 10,000 definitions, p50',
        unit: 'ms',
        decimals: 1,
        floor: { key: 'smallHookMs', title: '1,000 definitions' },
        target: { atMostOfFloor: 1.2 },
      },
      {
        key: 'largePushMs',
        title: 'git push → active, 10,000 definitions, p50',
        unit: 'ms',
        floor: { key: 'smallPushMs', title: '1,000 definitions' },
        target: { atMostOfFloor: 1.2 },
      },
      {
        key: 'largePushMs',
        title: 'git push → active, 10,000 definitions, p99',
        unit: 'ms',
        percentile: 99,
        floor: { key: 'floorMs', title: 'the same push to a hook that says yes at once' },
        target: { atMost: 150 },
      },
    ],
  },
  {
    name: 'reconcile',
    title: 'A domain of 10,000 definitions made equal to its commit',
    module: './figures/reconcile.ts',
    metrics: [
      {
        key: 'changedMs',
        title: '1,000 definitions changed, from the move of the ref',
        unit: 'ms',
        floor: { key: 'floorMs', title: '1,000 bare writes of 1 KB in batches as large' },
        target: { atMost: 1_000 },
      },
      { key: 'changedCpuMs', title: 'its processor time', unit: 'ms' },
      { key: 'unchangedMs', title: 'nothing changed, all 10,000 compared', unit: 'ms', target: { atMost: 200 } },
      { key: 'unchangedCpuMs', title: 'its processor time', unit: 'ms' },
      { key: 'writes', title: 'its writes', unit: '', target: { atMost: 0 } },
    ],
  },
  {
    name: 'sources',
    title: '500 remote repositories polled each minute over HTTPS, and one whose host sends webhooks',
    module: './figures/sources.ts',
    metrics: [
      { key: 'cpuPercent', title: 'of one core', unit: '%', decimals: 1, target: { atMost: 10 } },
      { key: 'pollMicros', title: 'CPU of one poll', unit: 'µs' },
      {
        key: 'webhookMs',
        title: 'webhook → registered, p50',
        unit: 'ms',
        floor: { key: 'fetchMs', title: 'git fetch of the same commit alone' },
      },
      { key: 'webhookMs', title: 'webhook → registered, p99', unit: 'ms', percentile: 99, target: { atMost: 1_000 } },
    ],
  },
  {
    name: 'idle',
    title: 'An idle daemon with 10,000 schedules and 10,000 parked executions of 12 nodes, after it ran them',
    module: './figures/idle.ts',
    metrics: [
      {
        key: 'rssMb',
        title: 'memory of the daemon (RSS)',
        unit: 'MB',
        decimals: 1,
        floor: { key: 'nodeRssMb', title: 'idle node' },
        target: { atMost: 90 },
      },
      { key: 'anonymousMb', title: 'of it not shared files of Node', unit: 'MB', decimals: 1 },
      { key: 'childrenRssMb', title: 'memory of its spawner (RSS)', unit: 'MB', decimals: 1 },
      { key: 'cpuPercent', title: 'of one core', unit: '%', decimals: 2, target: { atMost: 0.3 } },
    ],
  },
  restart('100,000', 1_000, { name: 'restart', module: './figures/restart.ts' }),
  restart('1,000,000', 10_000, { name: 'restart-million', module: './figures/restart-million.ts', isLong: true }),
  {
    name: 'calendar',
    title: 'Ticks of five patterns in five zones, one after another',
    metrics: [
      {
        key: 'perSecond',
        title: 'enumerated',
        unit: 'ticks/s',
        floor: { key: 'cronerPerSecond', title: 'croner' },
        target: { atLeast: 500_000 },
      },
    ],
    module: './figures/calendar.ts',
  },
  {
    name: 'catch-up',
    title:
      '1,000 hourly schedules that missed a year, 8,760,000 ticks: all decided, those durable that the policy keeps',
    module: './figures/catch-up.ts',
    metrics: [
      { key: 'latestMs', title: 'the latest of each', unit: 'ms', target: { atMost: 20_000 } },
      { key: 'latestCpuMs', title: 'its processor time', unit: 'ms' },
      { key: 'newestMs', title: 'the 10 newest of each', unit: 'ms', target: { atMost: 20_000 } },
      { key: 'newestCpuMs', title: 'its processor time', unit: 'ms' },
      { key: 'decidedPerSecond', title: 'missed ticks decided', unit: 'ticks/s' },
    ],
  },
  ticks('100,000', { name: 'ticks', module: './figures/ticks.ts' }),
  ticks('1,000,000', { name: 'ticks-million', module: './figures/ticks-million.ts', isLong: true }),
  {
    name: 'ticks-peers',
    title: 'Other schedulers, 10,000 jobs due at one instant; late until the callback (PIPECTL_BENCH_PEERS)',
    isLong: true,
    module: './figures/ticks-peers.ts',
    metrics: [
      ...peer('cronerMs', 'croner, nothing durable'),
      ...peer('nodeCronMs', 'node-cron, nothing durable'),
      ...peer('bullmqMs', 'BullMQ, Redis synced each second'),
    ],
  },
  {
    name: 'archive',
    title: 'A control plane with 1,000,000 archived executions of 12 nodes',
    module: './figures/archive.ts',
    isLong: true,
    metrics: [
      {
        key: 'manyCreateMicros',
        title: 'CPU to create an execution',
        unit: 'µs',
        floor: { key: 'fewCreateMicros', title: 'with one archived' },
        target: { atMostOfFloor: 1.25 },
      },
      {
        key: 'manyReadyMs',
        title: 'start, until /readyz',
        unit: 'ms',
        floor: { key: 'fewReadyMs', title: 'with one archived' },
        target: { atMostOfFloor: 1.25 },
      },
      {
        key: 'manyStartMb',
        title: 'memory after the start (RSS)',
        unit: 'MB',
        decimals: 1,
        floor: { key: 'fewStartMb', title: 'with one archived' },
        target: { atMostOfFloor: 1.1 },
      },
      { key: 'byNameMs', title: 'get one by name', unit: 'ms', decimals: 2 },
      { key: 'failedMs', title: 'the last 100 failed of an hour', unit: 'ms', decimals: 1 },
      { key: 'workflowMs', title: 'the last 100 of a workflow', unit: 'ms', decimals: 1 },
      { key: 'durationMs', title: 'the 100 longest of all, in a thread of its own', unit: 'ms', decimals: 1 },
      { key: 'archiveMicros', title: 'to archive one, in batches of 2,000', unit: 'µs', decimals: 1 },
      { key: 'bytesPerExecution', title: 'on disk per archived execution', unit: 'B' },
    ],
  },
];

type Named = Pick<Figure, 'name' | 'module' | 'isLong'>;

function crowd(count: string, named: Named): Figure {
  return {
    ...named,
    title: `Chains of 10 nodes, each result durable, while ${count} other executions are live and wait`,
    metrics: [
      {
        key: 'many',
        title: 'CPU per node',
        unit: 'µs',
        decimals: 1,
        floor: { key: 'few', title: 'while 1,000 wait' },
        target: { atMostOfFloor: 1.25 },
      },
      { key: 'bytes', title: 'written per node', unit: 'B', target: { atMost: 300 } },
    ],
  };
}

function restart(count: string, atMostMs: number, named: Named): Figure {
  return {
    ...named,
    title: `Start on a data folder with ${count} parked executions of 12 nodes`,
    metrics: [
      {
        key: 'readyMs',
        title: 'until /readyz',
        unit: 'ms',
        floor: { key: 'emptyMs', title: 'the same with an empty data folder' },
        target: { atMost: atMostMs },
      },
      { key: 'bytesPerExecution', title: 'memory per parked execution', unit: 'B', target: { atMost: 600 } },
    ],
  };
}

function peer(key: string, title: string): readonly Metric[] {
  const ms = { key, unit: 'ms', absent: 'not installed' };
  return [
    { ...ms, title: `${title}, p50` },
    { ...ms, title: `${title}, p99`, percentile: 99 },
  ];
}

function ticks(count: string, named: Named): Figure {
  const late = { unit: 'ms', percentile: 99, isOfEachRound: true } as const;
  return {
    ...named,
    title: `A scheduler with ${count} schedules besides those that are due; late until the execution is durable`,
    metrics: [
      {
        key: 'dueMs',
        title: '10,000 due at one instant, p99',
        ...late,
        floor: { key: 'floorMs', title: 'bare group-committed log' },
        target: { atMost: 60 },
      },
      {
        key: 'dueMs',
        title: '10,000 due at one instant, p50',
        unit: 'ms',
        floor: { key: 'cronMs', title: 'croner, callbacks alone' },
      },
      { key: 'cronMs', title: 'croner, callbacks alone, p99', ...late },
      { key: 'dueCpuMicros', title: 'processor time of one of them, once they are due', unit: 'µs', decimals: 1 },
      {
        key: 'manyDueMs',
        title: '100,000 due at one instant, p99',
        ...late,
        floor: { key: 'manyFloorMs', title: 'bare group-committed log' },
        target: { atMost: 400 },
      },
      { key: 'manyDueCpuMicros', title: 'processor time of one of them, once they are due', unit: 'µs', decimals: 1 },
      {
        key: 'manyCpuMicros',
        title: 'processor time of a tick once it is due, 1,000 due',
        unit: 'µs',
        decimals: 1,
        floor: { key: 'fewCpuMicros', title: 'with 1,000 schedules' },
        target: { atMostOfFloor: 12 },
      },
      { key: 'bytes', title: 'memory of the scheduler for a schedule', unit: 'B', target: { atMost: 1_024 } },
      { key: 'storeBytes', title: 'memory of the store for its object', unit: 'B' },
      { key: 'createMicros', title: 'to create its object', unit: 'µs', decimals: 1 },
      { key: 'openMs', title: 'start of the store', unit: 'ms' },
      { key: 'startMs', title: 'start of the scheduler', unit: 'ms' },
      {
        key: 'idlePercent',
        title: 'of one core, while nothing is due',
        unit: '%',
        decimals: 2,
        target: { atMost: 1 },
      },
    ],
  };
}
