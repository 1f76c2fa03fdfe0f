import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { REGISTER_POLL_MS, StalledError, WaitError } from '../../base/index.ts';
import { conditionOf, trackedDomains } from '../../client/index.ts';
import { type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { shortOid } from '../../git/index.ts';
import { askController } from './ask-controller.ts';
import type { ControllerInputs } from './inputs.ts';
import { type ActionWorld, addSummary, say, setOutputs, warn } from './world.ts';

/** The commit that was merged, and the branch that shows it now. */
interface Merged {
  readonly commit: string;
  readonly branch: string;
}

type Outcome =
  | { readonly kind: 'applied'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'waiting'; readonly message: string };

/**
 * Tells the control plane that a branch has moved, as the host's own webhook would, and waits until its domains are at the
 * commit. Exit code: 0, or 1 when the commit was refused or could not be applied whole. Errors: StalledError, WaitError.
 */
export async function register(world: ActionWorld, controller: ControllerInputs): Promise<number> {
  const merged = mergedOf(world);
  if (!URL.canParse(controller.url)) {
    throw new StalledError(
      'InvalidInput',
      'input controller-url: write where the control plane listens, as https://host',
    );
  }
  await triggerWebhook(world, controller, merged);
  if (controller.token === undefined) {
    say(world, `the control plane looks at ${controller.repository} now; without controller-token nobody waits for it`);
    return 0;
  }
  const { kind, message } = await settled(world, controller, merged);
  setOutputs(world, { registered: String(kind === 'applied'), message });
  addSummary(world, `### ${kind === 'applied' ? 'Registered' : 'Not registered'} \`${shortOid(merged.commit)}\`\n`);
  if (kind === 'applied') say(world, message);
  else warn(world, 'error', message);
  return kind === 'applied' ? 0 : 1;
}

function mergedOf({ env }: ActionWorld): Merged {
  const { GITHUB_SHA: commit = '', GITHUB_REF: ref = '', GITHUB_EVENT_NAME: event } = env;
  if (event !== 'push' || !ref.startsWith('refs/heads/')) {
    throw new StalledError('UnknownEvent', 'mode: register is for pushes to a branch: use it on push');
  }
  return { commit, branch: ref.slice('refs/heads/'.length) };
}

async function triggerWebhook(
  world: ActionWorld,
  controller: ControllerInputs,
  { commit, branch }: Merged,
): Promise<void> {
  const body = JSON.stringify({ ref: `refs/heads/${branch}`, after: commit });
  const signature = createHmac('sha256', controller.webhookSecret).update(body).digest('hex');
  const { status } = await askController(world, controller, {
    method: 'POST',
    path: `/webhooks/${encodeURIComponent(controller.repository)}`,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
  });
  if (status === 202 || status === 200) return;
  if (status === 401) {
    const how = 'it must be the one of spec.webhook, whose provider is github';
    throw new StalledError(
      'WebhookRefused',
      `the control plane does not take webhook-secret for ${controller.repository}: ${how}`,
    );
  }
  throw new WaitError(`the control plane answered the webhook with status ${status}`, REGISTER_POLL_MS);
}

/** Looks until the domains of the branch show the commit, or say why they cannot. */
async function settled(world: ActionWorld, controller: ControllerInputs, merged: Merged): Promise<Outcome> {
  const until = world.now() + controller.timeoutMs;
  const path = `/apis/pipectl.dev/v1/namespaces/${SYSTEM_NAMESPACE}/repositories/${encodeURIComponent(controller.repository)}`;
  let first: string | undefined;
  for (;;) {
    const { status, json } = await askController(world, controller, {
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${controller.token}`, accept: 'application/json' },
    });
    if (status === 401 || status === 403) {
      const what = `controller-token may not read repository ${controller.repository} (${status})`;
      throw new StalledError('TokenRefused', `${what}: a token with the role viewer can`);
    }
    const outcome = outcomeOf(status === 200 ? (json as Repository) : undefined, merged, first);
    if (status === 200) first ??= desiredOf(json as Repository, merged.branch);
    if (outcome.kind !== 'waiting') return outcome;
    if (world.now() + REGISTER_POLL_MS > until) {
      return { kind: 'failed', message: `${shortOid(merged.commit)} was not applied in time: ${outcome.message}` };
    }
    await setTimeout(REGISTER_POLL_MS, undefined, { signal: world.signal });
  }
}

/** What a repository says of a commit; `first` is what its domains wanted when it was looked at first. */
export function outcomeOf(
  repository: Repository | undefined,
  { commit, branch }: Merged,
  first: string | undefined,
): Outcome {
  if (repository === undefined)
    return { kind: 'waiting', message: 'the control plane does not answer with the repository' };
  const domains = trackedDomains(repository).filter(({ status }) => status.ref === branch);
  const source = conditionOf(repository, 'SourceReady');
  const id = shortOid(commit);
  if (source?.status === 'False' && source.message.includes(id)) return { kind: 'failed', message: source.message };
  if (domains.length === 0) return { kind: 'waiting', message: `no domain tracks ${branch} yet` };
  const wanted = domains[0]?.status.desired;
  if (wanted !== commit && wanted !== first && first !== undefined) {
    return { kind: 'applied', message: `${branch} has moved on from ${id} to ${shortOid(wanted ?? '')}` };
  }
  const stalled = conditionOf(repository, 'Stalled');
  if (wanted === commit && stalled?.status === 'True') return { kind: 'failed', message: stalled.message };
  const broken = domains.flatMap(({ name, status }) => {
    if (status.lastAttempted !== commit) return [];
    return (status.failed ?? []).map((each) => `${name}: ${each.kind} ${each.name}: ${each.message}`);
  });
  if (broken.length > 0)
    return { kind: 'failed', message: `${id} was not applied whole: ${broken.slice(0, 10).join('; ')}` };
  const late = domains.filter(({ status }) => status.lastApplied !== commit);
  if (late.length === 0) {
    return { kind: 'applied', message: `${domains.map(({ namespace }) => namespace).join(', ')} is at ${id}` };
  }
  const said = late.map(({ name, status }) => `${name}: ${status.message ?? `not yet at ${id}`}`);
  const trouble = source?.status === 'False' ? [source.message] : [];
  return { kind: 'waiting', message: [...trouble, ...said].join('; ') };
}

function desiredOf(repository: Repository, branch: string): string | undefined {
  return trackedDomains(repository).find(({ status }) => status.ref === branch)?.status.desired;
}
