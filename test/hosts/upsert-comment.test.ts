import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConflictError } from '../../src/base/index.ts';
import { type CodeHost, headOfComment, type PullRequest, upsertComment } from '../../src/hosts/index.ts';

const HEADS = ['a', 'b', 'c'].map((sign) => sign.repeat(40));

/** A pull request with its comments; `pause` lets others run before each call is served. */
function pullRequest(pause: () => Promise<void>) {
  const comments: { id: string; body: string }[] = [];
  let [head, ids, writes] = [HEADS[0] as string, 0, 0];
  const find = (id: string): number => comments.findIndex((comment) => comment.id === id);
  const served = async <T>(run: () => T): Promise<T> => {
    await pause();
    const answer = run();
    await pause();
    return answer;
  };
  const host: CodeHost = {
    kind: 'github',
    maxCommentCharacters: 65_536,
    pullRequestWord: 'pull request',
    pullRequest: () => served(() => ({ head: { branch: 'change', commit: head } }) as PullRequest),
    openPullRequests: async () => [],
    ownComments: (_number, marker) => served(() => comments.filter(({ body }) => body.startsWith(marker))),
    createComment: (_number, body) =>
      served(() => {
        writes += 1;
        ids += 1;
        comments.push({ id: `${ids}`, body });
        return { id: `${ids}`, body };
      }),
    editComment: (_number, id, body) =>
      served(() => {
        writes += 1;
        if (find(id) === -1) throw new ConflictError('gone');
        comments.splice(find(id), 1, { id, body });
      }),
    deleteComment: (_number, id) =>
      served(() => {
        writes += 1;
        if (find(id) !== -1) comments.splice(find(id), 1);
      }),
    setStatus: async () => undefined,
  };
  const push = (commit: string): void => {
    head = commit;
  };
  return { host, comments, push, writes: () => writes };
}

/** A run as everybody does it: who has written for a head that is no longer the newest goes on with that. */
async function run(host: CodeHost, head: string): Promise<void> {
  const outcome = await upsertComment(host, { number: 7, topic: '', head, markdown: `review of ${head}` });
  if (outcome.kind === 'Outdated' && outcome.hasWritten) await run(host, outcome.head);
}

const NOW = async (): Promise<void> => undefined;
const post = (host: CodeHost, head: string, markdown = 'text', topic = '') =>
  upsertComment(host, { number: 7, topic, head, markdown });

describe('one comment', () => {
  it('is written once, left alone when it says the same, and edited in place', async () => {
    const { host, comments, writes } = pullRequest(NOW);
    expect(await post(host, HEADS[0] as string)).toEqual({ kind: 'Created' });
    expect(await post(host, HEADS[0] as string)).toEqual({ kind: 'Unchanged' });
    expect(writes()).toBe(1);
    expect(await post(host, HEADS[0] as string, 'other')).toEqual({ kind: 'Edited' });
    expect(comments).toHaveLength(1);
    expect(comments[0]).toMatchObject({ id: '1', body: expect.stringContaining('other') });
  });

  it('is not written for a head that is no longer the newest', async () => {
    const { host, push, writes } = pullRequest(NOW);
    push(HEADS[1] as string);
    expect(await post(host, HEADS[0] as string)).toEqual({ kind: 'Outdated', head: HEADS[1], hasWritten: false });
    expect(writes()).toBe(0);
  });

  it('of one topic leaves that of another alone', async () => {
    const { host, comments } = pullRequest(NOW);
    await post(host, HEADS[0] as string, 'text', 'production');
    await post(host, HEADS[0] as string, 'text', 'prod');
    await post(host, HEADS[0] as string, 'text', '');
    expect(comments).toHaveLength(3);
  });

  it('of the newest head is what runs that race end with', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), async (scheduler, runsEach) => {
        const { host, comments, push } = pullRequest(() => scheduler.schedule(Promise.resolve()));
        const started: Promise<void>[] = [];
        const begin = (head: string): void => {
          for (let count = 0; count < runsEach; count += 1) started.push(run(host, head));
        };
        begin(HEADS[0] as string);
        scheduler.scheduleSequence(
          HEADS.slice(1).map((head) => async () => {
            push(head);
            begin(head);
          }),
        );
        await scheduler.waitIdle();
        const ends = await Promise.allSettled(started);
        expect(comments.map(({ body }) => headOfComment('', body))).toEqual([HEADS.at(-1)]);
        expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
