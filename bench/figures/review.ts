import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCron } from '../../src/calendar/index.ts';
import { openReviewSides, withRevisions } from '../../src/client/review/index.ts';
import { createParseCache } from '../../src/compiler/index.ts';
import { openRevision } from '../../src/main/revision.ts';
import { type ReviewInput, renderMarkdown, review, startCounts } from '../../src/review/index.ts';
import { definitionsFile } from '../definitions.ts';
import type { Session } from '../figure.ts';
import { programMs } from '../program-ms.ts';
import { commitFiles, writeRepository } from '../repository.ts';

/** Five definitions each. */
const FILES = 2_000;
const CHANGED = 20;
const ENTRY = join(import.meta.dirname, '../../bin/pipectl.js');
const NOW = Date.UTC(2026, 0, 5, 8);

const SCHEDULES = 1_000;
const YEAR_MINUTES = 365 * 24 * 60;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe'];

/** A review of two commits as a whole process and once more in one, and the histogram of a year. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-review-'));
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  writeFileSync(join(folder, 'tasks/run.py'), 'print(1)\n');
  const nameOf = (at: number): string => `p${String(at).padStart(5, '0')}.yaml`;
  const all = Array.from({ length: FILES }, (_none, at) => [nameOf(at), definitionsFile(at)] as const);
  writeRepository(folder, Object.fromEntries(all));
  const edited = all.slice(0, CHANGED).map(([name, text]) => [name, text.replace('"0 2 * * *"', '"30 3 * * *"')]);
  commitFiles(folder, Object.fromEntries(edited));
  const cache = createParseCache();
  await inProcess(folder, cache);
  return {
    async round() {
      const coldMs = programMs(process.execPath, [ENTRY, 'review', 'HEAD~1', 'HEAD', '-o', 'markdown'], {
        cwd: folder,
      });
      const floorMs = programMs('git', ['diff', '--stat', 'HEAD~1...HEAD'], { cwd: folder });
      const started = performance.now();
      await inProcess(folder, cache);
      const warmMs = performance.now() - started;
      return { coldMs, floorMs, warmMs, yearMs: yearOfSchedules() };
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a program that reviews one change after another does: files that it has read once are not parsed again. */
async function inProcess(cwd: string, cache: ReturnType<typeof createParseCache>): Promise<void> {
  const open = (rev: string) => openRevision({ cwd, rev, env: process.env });
  await withRevisions(open, ['HEAD~1', 'HEAD'], async (base, head) => {
    const sides = await openReviewSides(base, head, cache, { names: [], branch: 'main' });
    const input: ReviewInput = {
      base: { ...sides.base, title: 'base' },
      head: { ...sides.head, title: 'head' },
      now: NOW,
      mergeAt: NOW,
      tzdata: process.versions.tz ?? '',
      changedFiles: [],
      ...(sides.domain !== undefined && { domain: sides.domain }),
    };
    const report = review(input);
    if (report.schedules.length !== CHANGED) throw new Error(`${report.schedules.length} schedules differ`);
    renderMarkdown(report);
  });
}

/** Hourly ones at all minutes in five zones: 8,760,000 starts. */
function yearOfSchedules(): number {
  const list = Array.from({ length: SCHEDULES }, (_none, at) => {
    const [cron, timeZone] = [`${at % 60} * * * *`, ZONES[at % ZONES.length] as string];
    const parsed = parseCron(cron);
    if (parsed.kind === 'error') throw new Error(parsed.message);
    const schedule = { name: `s${at}`, launchPlan: 'p', fields: { cron, timeZone }, isActive: true, file: '' };
    return { schedule, rule: { kind: 'cron', pattern: parsed.pattern, timeZone } as const, offsetMs: 0 };
  });
  const started = performance.now();
  const { minutes } = startCounts(list, NOW, YEAR_MINUTES);
  const ms = performance.now() - started;
  const count = minutes.reduce((sum, starts) => sum + starts, 0);
  // Clocks of half an hour take a few away.
  if (count < SCHEDULES * 24 * 364) throw new Error(`${count} starts were counted`);
  return ms;
}
