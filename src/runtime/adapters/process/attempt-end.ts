import { REASON } from '../../reasons.ts';
import { type Agent, neverStarted, removeLog, tidy } from './agent-state.ts';
import type { Attempt } from './attempt.ts';
import { finish, signalAdopted } from './attempt-run.ts';
import { clearAttempt } from './clear-attempt.ts';

/** Ends a pod's attempt, wherever it stands. Its end is reported when it is gone. */
export function endAttempt(agent: Agent, attempt: Attempt): void {
  if (attempt.isUnwanted) return;
  attempt.isUnwanted = true;
  switch (attempt.stage) {
    case 'queued':
      agent.queued.remove(attempt.execution, attempt.uid);
      finish(agent, attempt, neverStarted(agent, attempt.uid, REASON.aborted, 'ended before it started'));
      return;
    case 'sent':
      agent.client.end(attempt.uid, attempt.command.graceMs);
      return;
    case 'adopted':
      signalAdopted(agent, attempt);
      return;
    case 'preparing':
      agent.secretChanges.wake(attempt.uid);
      return;
    case 'clearing':
    case 'reporting':
    case 'reported':
      return;
  }
}

/** Attempts of earlier spawners whose pods were deleted meanwhile. */
export async function endOrphans(agent: Agent): Promise<void> {
  const ids = agent.past.unfinished().filter((id) => !agent.attempts.has(id));
  for (const id of ids) {
    const fate = agent.past.fate(id);
    if (fate.kind === 'running' || fate.kind === 'lost') await clearAttempt(id, fate.started, agent.options.clock);
    removeLog(agent, id);
  }
  tidy(agent);
}

export async function endAll(agent: Agent): Promise<void> {
  agent.queued.clear();
  const live = [...agent.attempts.values()].filter(({ stage }) => stage === 'sent' || stage === 'adopted');
  for (const attempt of live) {
    attempt.isShutDown = !attempt.isUnwanted;
    endAttempt(agent, attempt);
  }
  while (live.some(({ stage }) => stage === 'sent' || stage === 'adopted' || stage === 'clearing')) {
    await new Promise<void>((resolve) => agent.options.clock.at(agent.options.clock.now() + 10, resolve));
  }
  await Promise.all(live.map((attempt) => attempt.writing));
}
