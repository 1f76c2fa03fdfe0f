import { ConflictError, StalledError, WaitError } from '../../base/index.ts';
import type { CodeHost } from '../../hosts/index.ts';
import type { Report } from '../../review/index.ts';
import { openCodeHost } from '../code-host.ts';
import { type ChangeEvent, readEvent } from './event.ts';
import { type ActionInputs, isFailed, readInputs } from './inputs.ts';
import { type CommentRequest, postCheck, postComment, uploadSarif } from './post.ts';
import { openChangeRepository } from './repository.ts';
import { reviewerOf } from './review-change.ts';
import { tellInLog, tellInSummary, writeReports } from './tell.ts';
import { type ActionWorld, mask, say, setOutputs, warn } from './world.ts';

/** Exit code: 0, 1 when there is a finding at or above `fail-on` or the commit was not registered, 2 when it could not be done. */
export async function runAction(world: ActionWorld): Promise<number> {
  try {
    const inputs = readInputs(world);
    for (const secret of [inputs.token, inputs.controller.webhookSecret, inputs.controller.token ?? '']) {
      mask(world, secret);
    }
    if (inputs.mode === 'review') return await reviewChange(world, inputs);
    const { register } = await import('./register.ts');
    return await register(world, inputs.controller);
  } catch (error) {
    warn(world, 'error', messageOf(error));
    return 2;
  }
}

async function reviewChange(world: ActionWorld, inputs: ActionInputs): Promise<number> {
  const event = readEvent(world);
  const repository = await openChangeRepository(world, inputs);
  const reviewed = reviewerOf(world, inputs, repository);
  const first = await reviewed(event);
  const { report } = first;
  say(world, report.verdict.line);
  const rest = inputs.annotations ? tellInLog(world, report.findings) : [];
  tellInSummary(world, report, rest.length > 0);
  const files = writeReports(world, report);
  setOutputs(world, { ...outputsOf(report), ...files });
  await post(world, inputs, { event, first, reviewed, hasMore: rest.length > 0 });
  return isFailed(report, inputs) ? 1 : 0;
}

interface Reviewed extends Omit<CommentRequest, 'host' | 'inputs' | 'event'> {
  readonly event: ChangeEvent;
  /** Whether the log has not room for all annotations. */
  readonly hasMore: boolean;
}

async function post(
  world: ActionWorld,
  inputs: ActionInputs,
  { event, first, reviewed, hasMore }: Reviewed,
): Promise<void> {
  const host = await hostOf(world, inputs);
  let comment: string | undefined;
  if (host !== undefined) {
    const wantsCheck = inputs.check === 'always' || (inputs.check === 'auto' && hasMore);
    if (wantsCheck) await tried(world, 'check', () => postCheck(world, host, inputs, first));
    if (inputs.sarif) await tried(world, 'code scanning', () => uploadSarif(world, inputs, event, first));
    if (inputs.comment && event.kind === 'pull-request') {
      comment = await tried(world, 'comment', () => postComment(world, { host, inputs, event, first, reviewed }));
    }
  }
  setOutputs(world, { comment: comment ?? 'Skipped' });
}

function outputsOf({ verdict, findings, schedules }: Report): Readonly<Record<string, string>> {
  return {
    verdict: verdict.line,
    unchanged: String(verdict.isUnchanged),
    errors: String(verdict.errors),
    warnings: String(verdict.warnings),
    breaking: String(verdict.breaking),
    findings: String(findings.length),
    schedules: String(schedules.length),
  };
}

async function hostOf(world: ActionWorld, { token }: ActionInputs): Promise<CodeHost | undefined> {
  const { GITHUB_REPOSITORY: project = '', GITHUB_API_URL: apiUrl = 'https://api.github.com' } = world.env;
  if (token === '' || project === '') return undefined;
  const onWait = (message: string): void => say(world, message);
  return openCodeHost({ kind: 'github', apiUrl, project, token, signal: world.signal, onWait });
}

/** What cannot be posted is told, and changes nothing about the result: a fork's token may only read. */
async function tried<T>(world: ActionWorld, what: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    const isReadOnly = error instanceof StalledError && error.reason === 'HostForbidden';
    const why = isReadOnly ? 'the token may only read, as those of forks may' : messageOf(error);
    warn(
      world,
      isReadOnly ? 'notice' : 'warning',
      `there is no ${what}: ${why}. The summary of the job has everything.`,
    );
    return undefined;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof StalledError || error instanceof WaitError || error instanceof ConflictError)
    return error.message;
  return error instanceof Error ? `this should not happen: ${error.stack ?? error.message}` : String(error);
}
