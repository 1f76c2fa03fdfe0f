import { readdirSync } from 'node:fs';
import { afterAll } from 'vitest';
import { patchObject, type Repository, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { createReviews, type Reviews } from '../../../src/control/reviews/index.ts';
import { openCodeHost } from '../../../src/main/code-host.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { reviewJob } from '../../../src/main/reviews/review-job.ts';
import { reviewApart } from '../../../src/main/reviews/review-thread.ts';
import { headReviewer } from '../../../src/main/reviews/start-reviews.ts';
import { git } from '../../git/fixtures/real-git.ts';
import { quiet } from '../../git/fixtures/served.ts';
import { FORGE_TOKEN, type ForgePull, type ForgeServer, startForge } from '../../hosts/forge-server.ts';
import { commit, newProject, until } from '../fixtures/world.ts';
import { type FollowingWorld, newRemote, startFollowing } from '../sources/fixtures.ts';

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A control plane that follows a remote and reviews its pull requests, with the host and somebody's work tree. */
export interface ReviewingWorld extends FollowingWorld {
  readonly forge: ForgeServer;
  readonly work: string;
  /** The commit of main that is active. */
  first: string;
  reviews: Reviews;
  /** Opens a pull request, or moves it to another head, with these files. */
  propose(number: number, files: Readonly<Record<string, string | null>>, more?: Partial<ForgePull>): string;
  /** Moves main. */
  advance(files: Readonly<Record<string, string | null>>): Promise<string>;
  /** Ends what reviews, and starts it anew. */
  restart(): Promise<void>;
  /** Looks once more, and waits until that is done. */
  look(): Promise<void>;
  status(): Promise<NonNullable<Repository['status']>>;
  condition(): Promise<string | undefined>;
  /** What is left of fetches. */
  quarantines(): readonly string[];
}

/** Reviews are made in this thread, which takes less, unless one of its own is asked for. */
export async function startReviewing(
  kind: ForgeServer['kind'] = 'gitlab',
  { isApart = false }: { readonly isApart?: boolean } = {},
): Promise<ReviewingWorld> {
  const world = await startFollowing();
  const forge = await startForge(kind);
  forge.state.pulls.clear();
  const work = newProject();
  const remote = newRemote(work);
  remote.push();
  const first = git(work, ['rev-parse', 'HEAD']);
  world.secrets.set('bot/token', `${FORGE_TOKEN}\n`);
  const open = (): Reviews =>
    createReviews({
      cluster: world.store,
      secrets: world.credentials,
      openHost: ({ provider, apiUrl, project }, token, signal) => {
        return openCodeHost({ kind: provider, apiUrl, project, token, signal, secondMs: 1 });
      },
      review: headReviewer(
        {
          cluster: world.store,
          remotes: world.remotes,
          proxyFor: () => undefined,
          secrets: world.credentials,
          clock: hostClock,
        },
        isApart ? reviewApart : reviewJob,
      ),
      clock: hostClock,
      random: hostRandom,
      log: quiet,
    });
  await world.follow('shop', {
    source: { kind: 'remote', url: remote.url },
    reviews: {
      provider: kind,
      token: { name: 'bot', key: 'token' },
      apiUrl: forge.url,
      project: 'acme/shop',
    },
  });
  const shows = async (head: string): Promise<boolean> =>
    (await world.repository('shop'))?.status?.heads?.['refs/heads/main'] === head;
  await until(() => shows(first));
  const status = async () => (await world.repository('shop'))?.status ?? {};
  const looks = (): number => forge.state.seen.filter((line) => /^GET \S+\/(pulls|merge_requests) /.test(line)).length;
  const ref = (number: number): string =>
    kind === 'gitlab' ? `refs/merge-requests/${number}/head` : `refs/pull/${number}/head`;
  const found: ReviewingWorld = {
    ...world,
    forge,
    work,
    first,
    reviews: open(),
    propose(number, files, given = {}) {
      const known = forge.state.pulls.get(number);
      git(work, ['checkout', '-q', '--detach', known?.head ?? 'main']);
      const head = commit(work, files, `change ${number}`);
      git(work, ['checkout', '-q', 'main']);
      remote.push(`${head}:${ref(number)}`);
      forge.state.pulls.set(number, { base: 'main', state: 'open', ...known, ...given, head });
      return head;
    },
    async advance(files) {
      const head = commit(work, files);
      remote.push();
      world.sources.hint('shop');
      await until(() => shows(head));
      return head;
    },
    async restart() {
      await found.reviews.stop();
      found.reviews = open();
    },
    async look() {
      const before = looks();
      found.reviews.hint('shop');
      await until(async () => looks() > before);
    },
    status,
    condition: async () => {
      const at = (await status()).conditions?.find(({ type }) => type === 'ReviewsPosted');
      return at && `${at.status} ${at.reason}: ${at.message}`;
    },
    quarantines: () => readdirSync(world.served.repositories.folder).filter((name) => name.startsWith('.fetch-')),
  };
  closing.push(async () => {
    await found.reviews.stop();
    await forge.close();
  });
  return found;
}

export function patchSpec(world: ReviewingWorld, spec: object): Promise<unknown> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
  return patchObject(world.store, key, { spec } as never);
}
