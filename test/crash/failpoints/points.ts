/** A place in the control plane where the process can be made to end, fail or wait. */
export interface Failpoint {
  readonly name: string;
  /** Path below `src/`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly at: string;
  /** On which side of it. */
  readonly side: 'before' | 'after';
  /** How often it is passed while there is work: a kill picks the nth time up to this. */
  readonly often?: number;
}

/** Every boundary between what is durable, what is visible, what is told, and what is done in the world. */
export const FAILPOINTS: readonly Failpoint[] = [
  {
    name: 'log.write',
    file: 'cluster/adapters/embedded/log.ts',
    at: '    if (writeSync(current.fd, log.staging, 0, bytes, current.offset - tailBytes(current)) < bytes) throw shortWrite();',
    side: 'before',
    often: 60,
  },
  {
    name: 'log.written',
    file: 'cluster/adapters/embedded/log.ts',
    at: '    if (writeSync(current.fd, log.staging, 0, bytes, current.offset - tailBytes(current)) < bytes) throw shortWrite();',
    side: 'after',
    often: 60,
  },
  {
    name: 'log.write-later',
    file: 'cluster/adapters/embedded/log.ts',
    at: '    if (tailBytes(current) + size <= STAGING_BYTES) {',
    side: 'before',
    often: 30,
  },
  {
    name: 'log.segment-full',
    file: 'cluster/adapters/embedded/log.ts',
    at: '  closeSync(current.fd);\n  log.full = ',
    side: 'before',
  },
  {
    name: 'log.release',
    file: 'cluster/adapters/embedded/log.ts',
    at: '    if (log.recyclable === undefined && log.spare === undefined) log.recyclable = segment;',
    side: 'before',
  },
  {
    name: 'store.durable',
    file: 'cluster/adapters/embedded/group-commit.ts',
    at: '  for (const { staged } of batches) group.callbacks.commit(staged);',
    side: 'before',
    often: 60,
  },
  {
    name: 'store.visible',
    file: 'cluster/adapters/embedded/group-commit.ts',
    at: '  for (const { done } of batches) done();',
    side: 'before',
    often: 60,
  },
  {
    name: 'store.acknowledged',
    file: 'cluster/adapters/embedded/group-commit.ts',
    at: '  for (const { done } of batches) done();',
    side: 'after',
    often: 60,
  },
  {
    name: 'projection.begin',
    file: 'cluster/adapters/embedded/projector.ts',
    at: '  table.dirty.clear();',
    side: 'before',
  },
  {
    name: 'projection.before-commit',
    file: 'cluster/adapters/embedded/database.ts',
    at: "        db.exec('COMMIT');",
    side: 'before',
    often: 3,
  },
  {
    name: 'projection.after-commit',
    file: 'cluster/adapters/embedded/database.ts',
    at: "        db.exec('COMMIT');",
    side: 'after',
    often: 3,
  },
  {
    name: 'projection.before-release',
    file: 'cluster/adapters/embedded/projector.ts',
    at: '    options.projected(progress);',
    side: 'before',
  },
  {
    name: 'recovery.replayed',
    file: 'cluster/adapters/embedded/recovery.ts',
    at: '  table.committedRv = table.lastRv;\n  return',
    side: 'before',
  },
  {
    name: 'archive.before-put',
    file: 'control/retention/archive-ended.ts',
    at: '  await archive.put(',
    side: 'before',
  },
  {
    name: 'archive.before-delete',
    file: 'control/retention/archive-ended.ts',
    at: '  return deleteAll(cluster, executions);',
    side: 'before',
  },
  {
    name: 'archive.deleted',
    file: 'control/retention/archive-ended.ts',
    at: '    await cluster.write(deletes, { discard: true });',
    side: 'after',
  },
  {
    name: 'push.before-revision',
    file: 'control/registration/register-commit.ts',
    at: '      await cluster.write(writes);\n      return undefined;',
    side: 'before',
  },
  {
    name: 'push.registered',
    file: 'control/registration/register-commit.ts',
    at: '      await cluster.write(writes);',
    side: 'after',
  },
  {
    name: 'push.before-verdict',
    file: 'git/adapters/native/hook-channel.ts',
    at: '  toHook.write(verdictText(verdict));',
    side: 'before',
  },
  {
    name: 'push.after-verdict',
    file: 'git/adapters/native/hook-channel.ts',
    at: '  toHook.write(verdictText(verdict));',
    side: 'after',
  },
  {
    name: 'push.landed',
    file: 'control/registration/registration.ts',
    at: '  const changed = Object.entries(patches).filter(([, patch]) => Object.keys(patch).length > 0);',
    side: 'before',
  },
  {
    name: 'reconcile.before-batch',
    file: 'control/reconciler/apply.ts',
    at: '    await target.cluster.write(writes, { discard: true });\n    Object.assign(',
    side: 'before',
    often: 2,
  },
  {
    name: 'reconcile.batch-applied',
    file: 'control/reconciler/apply.ts',
    at: '    Object.assign(pass, counted(pass, prepared));\n  } catch',
    side: 'before',
    often: 2,
  },
  {
    name: 'engine.before-write',
    file: 'control/propeller/round.ts',
    at: '  engine.counters.writes++;',
    side: 'before',
    often: 40,
  },
  {
    name: 'engine.written',
    file: 'control/propeller/round.ts',
    at: '    noteWritten(engine, entry, written);',
    side: 'before',
    often: 40,
  },
  {
    name: 'engine.ended',
    file: 'control/propeller/round.ts',
    at: '    tellEnded(engine, entry, result.state);',
    side: 'before',
    often: 3,
  },
  {
    name: 'agent.before-start',
    file: 'runtime/adapters/process/attempt-run.ts',
    at: '    agent.client.start({',
    side: 'before',
    often: 10,
  },
  {
    name: 'agent.started',
    file: 'runtime/adapters/process/attempt-run.ts',
    at: '  attempt.started = event;\n  report(',
    side: 'before',
    often: 4,
  },
  {
    name: 'agent.before-report',
    file: 'runtime/adapters/process/write-status.ts',
    at: '      await patchStatus(to.cluster, key, patch, { uid });',
    side: 'before',
    often: 12,
  },
  {
    name: 'agent.reported',
    file: 'runtime/adapters/process/write-status.ts',
    at: '      await patchStatus(to.cluster, key, patch, { uid });',
    side: 'after',
    often: 12,
  },
  {
    name: 'sources.before-rename',
    file: 'runtime/sources.ts',
    at: '    await rename(temporary, path);',
    side: 'before',
  },
  {
    name: 'start.before-rename',
    file: 'main/data-folder.ts',
    at: '  renameSync(draft, path);',
    side: 'before',
  },
  {
    name: 'start.stored',
    file: 'main/daemon.ts',
    at: '  const archive = openArchive(',
    side: 'before',
  },
  {
    name: 'start.resynced',
    file: 'main/daemon.ts',
    at: '  const agent = await startAgent(',
    side: 'before',
  },
  {
    name: 'start.adopted',
    file: 'main/daemon.ts',
    at: '  const metrics = createMetrics();',
    side: 'before',
  },
  {
    name: 'start.before-loops',
    file: 'main/daemon.ts',
    at: '  startLoops(planes, ',
    side: 'before',
  },
];
