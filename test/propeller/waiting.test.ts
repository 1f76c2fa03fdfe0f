import { describe, expect, it } from 'vitest';
import type { NodeSignal } from '../../src/cluster/index.ts';
import { compiledPlan, compiledWorkflow } from './compiled.ts';
import {
  createWorld,
  desire,
  isOver,
  liveChildren,
  livePods,
  moveChild,
  nodeOf,
  removeChild,
  runOut,
  settle,
  statusOf,
  type World,
} from './world.ts';

const AT = '2026-01-02T03:04:05.000Z';

function answer(world: World, path: string, signal: NodeSignal): void {
  const { spec } = world.execution;
  world.execution = { ...world.execution, spec: { ...spec, signals: { ...spec.signals, [path]: signal } } };
  settle(world);
}

function pass(world: World, ms: number): void {
  world.now += ms;
  settle(world);
}

const worlds = [
  ['one worker', false],
  ['a new worker at every step', true],
] as const;

describe.each(worlds)('an approval, run by %s', (_, restarts) => {
  const closure = compiledWorkflow({
    main: `
      inputs: { what: string }
      outputs: { who: "\${{ nodes.gate.outputs.by }}", why: "\${{ nodes.gate.outputs.comment }}" }
      nodes:
        gate: { approve: { message: "Publish \${{ inputs.what }}?", timeout: 1h } }
        after: { task: work, with: { a: 1 }, needs: [gate] }
    `,
  });
  const waiting = (): World => {
    const world = createWorld(closure, { restarts, spec: { inputs: { what: 'it' } } });
    settle(world);
    return world;
  };

  it('waits, and tells for what and until when', () => {
    const world = waiting();
    expect(nodeOf(world, 'gate')).toMatchObject({
      phase: 'Running',
      wait: { for: 'approval', message: 'Publish it?' },
      wakeAt: '2026-01-02T04:04:05.000Z',
    });
    expect(statusOf(world).message).toBe(`waits for approval: pipectl approve ${world.execution.metadata.name} gate`);
    expect(livePods(world)).toEqual([]);
  });

  it('approved, goes on and keeps who, when and why', () => {
    const world = waiting();
    answer(world, 'gate', { decision: 'approve', by: 'ann', reason: 'fine', at: '2026-01-02T04:00:00+01:00' });
    expect(nodeOf(world, 'gate')).toMatchObject({
      phase: 'Succeeded',
      outputs: { by: 'ann', comment: 'fine', at: '2026-01-02T03:00:00.000Z' },
      decision: { decision: 'approve', by: 'ann', reason: 'fine', at: '2026-01-02T03:00:00.000Z' },
    });
    expect(statusOf(world).message).toBeUndefined();
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { who: 'ann', why: 'fine' } });
  });

  it('rejected, fails', () => {
    const world = waiting();
    answer(world, 'gate', { decision: 'reject', by: 'bob', reason: 'wrong figures' });
    const error = { reason: 'Rejected', message: 'rejected by bob: wrong figures', node: 'gate' };
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error });
    expect(nodeOf(world, 'gate')?.decision).toMatchObject({ decision: 'reject', by: 'bob', at: AT });
    expect(nodeOf(world, 'after')?.phase).toBe('Skipped');
  });

  it('times out when nobody answers, and then takes no answer', () => {
    const world = waiting();
    pass(world, 3_600_000);
    expect(nodeOf(world, 'gate')).toMatchObject({ phase: 'TimedOut', error: { reason: 'NotAnswered' } });
    expect(statusOf(world).phase).toBe('Failed');
    answer(world, 'gate', { decision: 'approve' });
    expect(nodeOf(world, 'gate')?.phase).toBe('TimedOut');
  });

  it('counts an answer that came before its time was over, though both are seen at once', () => {
    const world = waiting();
    world.now += 7_200_000;
    answer(world, 'gate', { decision: 'approve' });
    expect(nodeOf(world, 'gate')).toMatchObject({ phase: 'Succeeded', outputs: { at: '2026-01-02T05:04:05.000Z' } });
  });

  it('counts an answer that was there before it began', () => {
    const world = createWorld(closure, {
      restarts,
      spec: { inputs: { what: 'it' }, signals: { gate: { decision: 'approve', by: 'ann', at: AT } } },
    });
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { who: 'ann' } });
  });

  it('goes on waiting after a value, and says why', () => {
    const world = waiting();
    answer(world, 'gate', { value: true });
    expect(nodeOf(world, 'gate')).toMatchObject({
      phase: 'Running',
      wait: { refused: 'it takes a decision, approve or reject, not a value' },
    });
    answer(world, 'gate', { decision: 'approve' });
    expect(nodeOf(world, 'gate')?.phase).toBe('Succeeded');
    expect(nodeOf(world, 'gate')?.wait?.refused).toBeUndefined();
  });

  it('takes an answer while the execution is paused, and starts nothing after it', () => {
    const world = waiting();
    desire(world, 'Paused');
    settle(world);
    answer(world, 'gate', { decision: 'approve' });
    expect(nodeOf(world, 'gate')?.phase).toBe('Succeeded');
    expect(livePods(world)).toEqual([]);
    desire(world, 'Running');
    runOut(world);
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('ends with an abort', () => {
    const world = waiting();
    desire(world, 'Aborted');
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Aborted', nodes: { gate: { phase: 'Aborted' } } });
  });
});

describe.each(worlds)('waiting nodes in other nodes, run by %s', (_, restarts) => {
  const closure = compiledWorkflow({
    inner: `
      outputs: { got: "\${{ nodes.value.outputs.value }}" }
      nodes: { value: { signal: { type: list<integer>, message: Which? } } }
    `,
    main: `
      outputs: { got: "\${{ nodes.nested.outputs.got }}" }
      nodes:
        nested: { workflow: inner }
        either:
          switch: [{ when: "\${{ nodes.nested.outputs.got == [] }}", then: { fail: none } }]
          else: { approve: { message: Really?, timeout: 1m, default: approve } }
    `,
  });

  it('are answered by their path, and by default', () => {
    const world = createWorld(closure, { restarts });
    settle(world);
    expect(statusOf(world).message).toContain('waits for a signal: pipectl signal');
    expect(nodeOf(world, 'nested/value')?.wait).toEqual({ for: 'signal', message: 'Which?', type: 'list<integer>' });
    answer(world, 'nested/value', { value: [1, '9007199254740993'] });
    expect(nodeOf(world, 'either')).toMatchObject({ phase: 'Running', branch: 'else', wait: { for: 'approval' } });
    pass(world, 60_000);
    expect(nodeOf(world, 'either')).toMatchObject({ decision: { decision: 'approve', isDefault: true } });
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { got: [1, '9007199254740993'] } });
  });
});

describe.each(worlds)('a signal, run by %s', (_, restarts) => {
  const closure = compiledWorkflow({
    main: `
      outputs: { limit: "\${{ nodes.limit.outputs.value }}", note: "\${{ nodes.note.outputs.value }}" }
      nodes:
        limit: { signal: { type: integer, timeout: 2h, default: 1000 } }
        note: { signal: { type: "{ text: string? }?" } }
    `,
  });

  it('refuses what is not of its type, and takes the next', () => {
    const world = createWorld(closure, { restarts });
    settle(world);
    answer(world, 'limit', { value: 'many' });
    expect(nodeOf(world, 'limit')?.wait?.refused).toContain('the value does not fit integer');
    answer(world, 'limit', { decision: 'approve' });
    expect(nodeOf(world, 'limit')?.wait?.refused).toContain('it takes a value of type integer');
    answer(world, 'limit', { value: 7, by: 'ann' });
    expect(nodeOf(world, 'limit')).toMatchObject({ outputs: { value: 7 }, decision: { by: 'ann', at: AT } });
  });

  it.each([
    ['null', {}, null],
    ['a null in a record, as text', { valueText: '{"text":null}' }, { text: null }],
  ])('takes %s, and its default when the time is over', (_name, signal, note) => {
    const world = createWorld(closure, { restarts });
    settle(world);
    answer(world, 'note', signal);
    pass(world, 7_200_000);
    const { phase, outputsText, outputs } = statusOf(world);
    expect(phase).toBe('Succeeded');
    expect(outputsText === undefined ? outputs : JSON.parse(outputsText)).toEqual({ limit: 1000, note });
    expect(nodeOf(world, 'limit')?.decision).toMatchObject({ isDefault: true });
  });
});

describe.each(worlds)('a child execution, run by %s', (_, restarts) => {
  const { closure, plan } = compiledPlan(
    {
      counted: `
        inputs: { days: integer, venues: { type: list<string>, default: [] }, zone: string }
        outputs: { count: "\${{ inputs.days }}" }
        nodes: { one: { compute: { x: 1 } } }
      `,
      main: `
        outputs: { count: "\${{ nodes.child.outputs.count }}" }
        nodes:
          child:
            launchPlan: nightly
            with: { days: 3 }
            retries: { limit: 1, backoff: { initial: 10s } }
            timeout: { total: 1h, run: 10m, queue: 5m }
      `,
    },
    [
      'kind: LaunchPlan\nmetadata: { name: nightly }\nspec:\n  workflow: counted\n  inputs: { default: { days: 7 }, fixed: { zone: UTC } }',
    ],
  );
  const begun = (): World => {
    const world = createWorld(closure, { restarts, plan });
    settle(world);
    return world;
  };
  const onlyChild = (world: World) => {
    const [child, ...others] = liveChildren(world);
    if (child === undefined || others.length > 0) throw new Error(`${others.length + 1} children`);
    return child;
  };

  it('starts with complete inputs, shows where it stands, and gives its outputs', () => {
    const world = begun();
    const child = onlyChild(world);
    expect(child).toMatchObject({ path: 'child', attempt: 1, inputs: { days: 3, venues: [], zone: 'UTC' } });
    expect(child.name).toMatch(/^nightly-[0-9a-f]{16}$/);
    expect(nodeOf(world, 'child')).toMatchObject({ phase: 'Queued', child: { name: child.name, phase: 'Pending' } });
    moveChild(world, child, 'Running');
    settle(world);
    expect(nodeOf(world, 'child')).toMatchObject({ phase: 'Running', child: { phase: 'Running' } });
    moveChild(world, child, 'Succeeded', { outputs: { count: 3 } });
    settle(world);
    expect(nodeOf(world, 'child')).toMatchObject({ phase: 'Succeeded', child: { phase: 'Succeeded' }, attempt: 1 });
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { count: 3 } });
  });

  it('that fails is tried again by another one, then its failure is the node’s', () => {
    const world = begun();
    const first = onlyChild(world);
    const error = { reason: 'NonZeroExit', message: 'exit code 1', node: 'one' };
    moveChild(world, first, 'Failed', { error });
    settle(world);
    expect(nodeOf(world, 'child')).toMatchObject({ phase: 'Queued', retryAt: expect.any(String) });
    expect(liveChildren(world)).toEqual([]);
    pass(world, 10_000);
    const second = onlyChild(world);
    expect([second.attempt, second.name === first.name]).toEqual([2, false]);
    moveChild(world, second, 'Failed', { error });
    settle(world);
    const message = `execution ${second.name} failed: one: NonZeroExit: exit code 1`;
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'ChildFailed', message, attempt: 2 } });
  });

  it('that somebody aborts is not tried again; one that was skipped is', () => {
    const world = begun();
    const error = { reason: 'ConcurrencyLimit', message: 'skipped' };
    moveChild(world, onlyChild(world), 'Aborted', { error });
    settle(world);
    pass(world, 10_000);
    moveChild(world, onlyChild(world), 'Aborted', { error: { reason: 'Aborted', message: 'wrong day' } });
    settle(world);
    expect(nodeOf(world, 'child')).toMatchObject({ phase: 'Failed', error: { reason: 'ChildAborted' } });
  });

  it('that is deleted is replaced', () => {
    const world = begun();
    removeChild(world, onlyChild(world));
    settle(world);
    pass(world, 1_000);
    expect(onlyChild(world).attempt).toBe(2);
  });

  it('is aborted with its parent, which waits for its end', () => {
    const world = begun();
    const child = onlyChild(world);
    desire(world, 'Aborted', 'wrong day');
    settle(world);
    expect([child.desired, isOver(world)]).toEqual(['Aborted', false]);
    expect(nodeOf(world, 'child')?.ending?.reason).toBe('Aborted');
    moveChild(world, child, 'Aborted');
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Aborted', nodes: { child: { phase: 'Aborted' } } });
  });

  it('is paused with its parent and goes on with it', () => {
    const world = begun();
    const child = onlyChild(world);
    desire(world, 'Paused');
    settle(world);
    expect(child).toMatchObject({ desired: 'Paused', isPausedWith: true });
    desire(world, 'Running');
    settle(world);
    expect(child).toMatchObject({ desired: 'Running', isPausedWith: false });
  });

  it('that a person paused is not resumed by a restart of its parent', () => {
    const world = begun();
    const child = onlyChild(world);
    child.desired = 'Paused';
    world.state = undefined;
    settle(world);
    expect(child.desired).toBe('Paused');
    child.isPausedWith = true;
    world.state = undefined;
    settle(world);
    expect(child.desired).toBe('Running');
  });

  it.each([
    ['its queue timeout', undefined, 300_000, 'QueueTimeout'],
    ['its total timeout', 'Running', 3_600_000, 'TotalTimeout'],
  ] as const)('over %s is ended, and the node times out', (_name, phase, ms, reason) => {
    const world = begun();
    const child = onlyChild(world);
    if (phase !== undefined) {
      moveChild(world, child, phase);
      settle(world);
    }
    pass(world, ms);
    expect(child.desired).toBe('Aborted');
    moveChild(world, child, 'Aborted');
    settle(world);
    if (reason === 'TotalTimeout' || nodeOf(world, 'child')?.phase === 'TimedOut') {
      expect(nodeOf(world, 'child')).toMatchObject({ phase: 'TimedOut', error: { reason } });
    } else throw new Error(JSON.stringify(nodeOf(world, 'child')));
  });

  it('over its run timeout is ended and tried again', () => {
    const world = begun();
    const child = onlyChild(world);
    moveChild(world, child, 'Running');
    settle(world);
    pass(world, 600_000);
    expect(child.desired).toBe('Aborted');
    moveChild(world, child, 'Aborted');
    settle(world);
    pass(world, 10_000);
    expect(onlyChild(world).attempt).toBe(2);
  });

  it('is not started too deep', () => {
    const trigger = { kind: 'execution', execution: 'parent', node: 'n', depth: 16 } as const;
    const world = createWorld(closure, { restarts, plan, spec: { trigger } });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'TooDeep' } });
  });
});
