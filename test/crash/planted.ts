import type { Replacement } from './failpoints/instrument.ts';

/** A slip that loses what was acknowledged, or does it twice: a campaign over a build that has it must tell. */
export interface PlantedBug extends Replacement {
  readonly name: string;
}

export const PLANTED: readonly PlantedBug[] = [
  {
    name: 'acknowledged-before-it-is-durable',
    file: 'cluster/adapters/embedded/group-commit.ts',
    find: '    later = append(group.log, text, inline);',
    replace: '    for (const batch of batches) batch.done();\n    later = append(group.log, text, inline);',
  },
  {
    name: 'log-let-go-before-it-is-projected',
    file: 'cluster/adapters/embedded/projector.ts',
    find: '    await commitChunk(thread, { rows: [], deleted, progress });',
    replace: '    void options.projected(progress);\n    await commitChunk(thread, { rows: [], deleted, progress });',
  },
  {
    name: 'deleted-before-it-is-archived',
    file: 'control/retention/archive-ended.ts',
    find: '  await archive.put(\n',
    replace: '  await deleteAll(cluster, executions);\n  await archive.put(\n',
  },
  {
    name: 'past-is-not-adopted',
    file: 'runtime/adapters/process/attempt-run.ts',
    find: '  const fate = agent.past.fate(attempt.uid);',
    replace: "  const fate: ReturnType<typeof agent.past.fate> = { kind: 'unknown' };",
  },
  {
    name: 'accepted-before-it-is-registered',
    file: 'control/registration/register-commit.ts',
    find: '      await cluster.write(writes);\n',
    replace:
      '      if (attempt > 0) {\n        setTimeout(() => void cluster.write(writes), 300);\n        return undefined;\n      }\n' +
      '      await cluster.write(writes);\n',
  },
  {
    name: 'log-line-of-a-cold-object',
    file: 'cluster/adapters/embedded/recovery.ts',
    find: '    heat(table, target);\n',
    replace: '',
  },
];
