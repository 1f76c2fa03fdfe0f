import type { Replacement } from './failpoints/instrument.ts';

/**
 * A slip that loses what was acknowledged, or does it twice: a campaign over a build that has it must tell. One that a second
 * guard would heal is planted with a slip of that: both have one name.
 */
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
    find: '  let done = 0;\n  try {\n',
    replace: '  let done = 0;\n  options.projected(progress);\n  try {\n',
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
    find: '    const writes: Write[] = [...claim.writes, ...replaced.flat(), ...creates];\n',
    replace:
      '    const writes: Write[] = [...claim.writes, ...replaced.flat(), ...creates];\n' +
      '    setTimeout(() => void cluster.write(writes).catch(() => undefined), 1_000);\n    return undefined;\n',
  },
  {
    // The next start looks for refs that moved without being noted, and registers what they show.
    name: 'accepted-before-it-is-registered',
    file: 'control/registration/registration.ts',
    find: '  if (updates.length === 0) return;\n',
    replace: '  if (updates.length >= 0) return;\n',
  },
  {
    name: 'log-line-of-a-cold-object',
    file: 'cluster/adapters/embedded/recovery.ts',
    find: '    heat(table, target);\n',
    replace: '',
  },
];
