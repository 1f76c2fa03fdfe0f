import { canonicalJson } from '../../src/base/index.ts';
import { type Execution, isTerminalPhase } from '../../src/cluster/index.ts';
import { WORKFLOWS } from './definitions.ts';
import type { Asked, Ledger } from './ledger.ts';

/** What exists after a restart. */
export interface Existing {
  readonly executions: readonly Execution[];
  /** Commits that are registered. */
  readonly revisions: ReadonlySet<string>;
  /** Uids of all cache entries. */
  readonly cacheEntries: ReadonlySet<string>;
  /** Version of the list. */
  readonly version: number;
}

/** What was acknowledged, by a ledger that is not newer than `existing`, and is not there. Empty: nothing is lost. */
export function lostSince(ledger: Ledger, existing: Existing): readonly string[] {
  const byName = new Map(existing.executions.map((execution) => [execution.metadata.name, execution]));
  const uids = new Set(existing.executions.map(({ metadata }) => metadata.uid ?? ''));
  const problems: string[] = [];
  for (const name of ledger.created) {
    if (!ledger.deletions.has(name) && !byName.has(name)) problems.push(`${name} was created and is lost`);
  }
  for (const [name, asked] of ledger.asked) {
    const found = byName.get(name);
    if (found !== undefined && !isAsAsked(found, asked)) problems.push(`${name} is not what was asked for`);
  }
  for (const [name, answers] of ledger.answers) {
    const signals = byName.get(name)?.spec.signals;
    for (const [node, answer] of answers) {
      const there = { ...(byName.get(name)?.status?.nodes?.[node]?.decision ?? {}), ...signals?.[node] };
      const isThere =
        there.decision === answer.decision && (answer.value === undefined || there.value === answer.value);
      if (byName.has(name) && !isThere) problems.push(`${name} has lost the answer to ${node}`);
    }
  }
  for (const name of ledger.aborted) {
    const found = byName.get(name);
    if (found !== undefined && found.spec.desired !== 'Aborted') problems.push(`${name} has forgotten its abort`);
  }
  for (const [uid, { name, phase }] of ledger.ends) {
    if (!ledger.deletions.has(name) && !uids.has(uid)) problems.push(`${name} had ended ${phase} and is lost`);
  }
  for (const uid of ledger.deleted) {
    if (uids.has(uid) || existing.cacheEntries.has(uid)) problems.push(`${uid} was deleted and is back`);
  }
  for (const commit of ledger.pushed) {
    if (!existing.revisions.has(commit)) problems.push(`commit ${commit} was pushed and is not registered`);
  }
  for (const { metadata } of existing.executions) {
    const isAskedFor = ledger.asked.has(metadata.name) || metadata.ownerReferences?.[0] !== undefined;
    if (!isAskedFor) problems.push(`nobody asked for ${metadata.name}`);
  }
  if (existing.version < ledger.latestVersion) {
    problems.push(`the store is at version ${existing.version}, ${ledger.latestVersion} was seen`);
  }
  return problems;
}

function isAsAsked({ spec }: Execution, { workflow, n }: Asked): boolean {
  return spec.workflow === workflow && Number(spec.inputs.n) === n;
}

/** What is wrong with executions that have had the time to end. */
export function wrongEnds(ledger: Ledger, executions: readonly Execution[]): readonly string[] {
  return executions.flatMap((execution) => {
    const { metadata, spec, status } = execution;
    const told = `${metadata.name} (${JSON.stringify(spec.inputs)})`;
    if (!isTerminalPhase(status?.phase ?? 'Pending')) return [`${told} does not end: ${JSON.stringify(status)}`];
    if (spec.desired === 'Aborted') return [];
    if (ledger.aborted.has(metadata.name)) return [`${told} ended ${status?.phase} although it was aborted`];
    if (status?.phase !== 'Succeeded') return [`${told} ended ${status?.phase}: ${JSON.stringify(status?.error)}`];
    const wanted = WORKFLOWS[spec.workflow]?.(Number(spec.inputs.n));
    if (wanted === undefined || canonicalJson(status.outputs ?? {}) === canonicalJson(wanted)) return [];
    return [`${told} gave ${JSON.stringify(status.outputs)}, not ${JSON.stringify(wanted)}`];
  });
}

/**
 * What is wrong with lines of `start|end|overlap EXECUTION NODE X ATTEMPT PID`: an attempt that started twice, or
 * anything that met another who did the same.
 */
export function wrongAttempts(journal: string): readonly string[] {
  const started = new Set<string>();
  return journal.split('\n').flatMap((line) => {
    const [word, ...who] = line.split(' ');
    if (word === 'overlap') return [`${line}: while another was at it`];
    if (word !== 'start') return [];
    const attempt = who.slice(0, -1).join(' ');
    const isFirst = !started.has(attempt);
    started.add(attempt);
    return isFirst ? [] : [`${line}: started before`];
  });
}
