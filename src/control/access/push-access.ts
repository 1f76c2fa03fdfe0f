import { type Clock, instantText, MAX_AUDIT_REFS, MAX_AUDIT_TEXT_LENGTH } from '../../base/index.ts';
import {
  type AuditEntry,
  type AuditLog,
  type Cluster,
  findObject,
  type Identity,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import {
  type GitAccess,
  type LandedPush,
  type Origin,
  type Push,
  type PushHandler,
  plannedDomain,
  type RefUpdate,
  refNameProblem,
  refText,
  ZERO_OID,
} from '../../git/index.ts';
import { mayFetchFrom, mayPushTo, ruleProblems, scopeProblem } from './ref-rules.ts';

export interface PushAccessOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** What decides on pushes that are allowed. */
  readonly handler: PushHandler;
}

/** Lets through what scopes and the rules of refs allow, and notes every push. */
export function createPushAccess({ cluster, clock, audit, handler }: PushAccessOptions): GitAccess<Identity> {
  const find = (name: string): Promise<Repository | undefined> =>
    findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });

  const entry = (who: Identity, origin: Origin, push: LandedPush): AuditEntry => ({
    at: instantText(clock.now()),
    ...pushEntry(who, origin, push),
  });
  const refused = (who: Identity, origin: Origin, push: LandedPush, code: number, said: string): void => {
    const message = said.slice(0, MAX_AUDIT_TEXT_LENGTH);
    audit.record({ ...entry(who, origin, push), outcome: 'refused', code, message });
  };

  return {
    async refusal(who, repository, action, origin) {
      const { name, scopes } = who;
      if (action === 'fetch') {
        return mayFetchFrom(scopes, repository) ? undefined : `the token ${name} may not fetch from ${repository}`;
      }
      if (!mayPushTo(scopes, repository)) {
        const message = `the token ${name} may not push to ${repository}`;
        refused(who, origin, { repository, updates: [] }, 403, message);
        return message;
      }
      const source = (await find(repository))?.spec.source;
      return source?.kind === 'remote' ? `${repository} is polled from another place: push there` : undefined;
    },
    untaken(who, origin, push) {
      const { problem } = push;
      refused(who, origin, push, 422, problem ?? 'git did not take it, or the pusher went away');
      if (problem !== undefined) void handler.refused?.({ ...push, problems: problem.split('\n') });
    },
    handlerFor(who, origin) {
      const failed = (push: LandedPush, error: unknown): never => {
        const message = String(error).slice(0, MAX_AUDIT_TEXT_LENGTH);
        audit.record({ ...entry(who, origin, push), outcome: 'failed', code: 500, message });
        throw error;
      };
      return {
        async decide(push) {
          audit.check();
          const problems = await problemsOf(who, push, find);
          const verdict =
            problems.length === 0
              ? await handler.decide(push).catch((error: unknown) => failed(push, error))
              : {
                  accepted: false,
                  lines: [...problems, 'rejected, nothing was changed'].map((line) => `pipectl: ${line}`),
                };
          const isPlan = problems.length === 0 && push.updates.every(({ ref }) => plannedDomain(ref) !== undefined);
          if (!verdict.accepted && !isPlan) {
            const message = (verdict.lines[0] ?? '').replace(/^pipectl: /, '');
            refused(who, origin, push, problems.length === 0 ? 422 : 403, message);
          }
          if (problems.length > 0) await handler.refused?.({ ...push, problems });
          return verdict;
        },
        landed(push) {
          audit.record(entry(who, origin, push));
          return handler.landed(push);
        },
      };
    },
  };
}

/** Why scopes or rules of the repository keep a push from being looked at, one line each. */
async function problemsOf(
  who: Identity,
  { repository, updates, objects }: Push,
  find: (name: string) => Promise<Repository | undefined>,
): Promise<readonly string[]> {
  // A plan moves nothing: who may push at all may ask for it.
  const moved = updates.filter(({ ref }) => plannedDomain(ref) === undefined);
  const scoped = moved.flatMap((update) => nameProblem(update) ?? scopeProblem(who, repository, update.ref) ?? []);
  const rules = (await find(repository))?.spec.rules ?? [];
  if (rules.length === 0) return scoped;
  const ruled: string[] = [];
  for (const update of moved) ruled.push(...(await ruleProblems(rules, who, update, objects)));
  return [...scoped, ...ruled];
}

/** What is wrong with the name of a ref. One that is there may go. */
function nameProblem({ ref, after }: RefUpdate): string | undefined {
  const problem = after === ZERO_OID ? undefined : refNameProblem(ref);
  return problem === undefined ? undefined : `the name of the ref ${refText(ref)} ${problem}`;
}

function pushEntry({ name, groups }: Identity, { from, agent }: Origin, { repository, updates }: LandedPush) {
  return {
    user: name,
    ...(groups.length > 0 && { groups }),
    from,
    ...(agent !== undefined && { agent: agent.slice(0, MAX_AUDIT_TEXT_LENGTH) }),
    verb: 'push',
    kind: 'Repository',
    namespace: SYSTEM_NAMESPACE,
    name: repository,
    refs: updates.slice(0, MAX_AUDIT_REFS).map(moveText),
    outcome: 'done',
    code: 200,
  } as const;
}

function moveText({ ref, before, after }: RefUpdate): string {
  return `${ref} ${before}..${after}`;
}
