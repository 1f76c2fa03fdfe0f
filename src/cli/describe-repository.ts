import type { UnixMs } from '../base/index.ts';
import { conditionOf, cutTo, isSettled, trackedDomains, webUrl, widthOf } from '../client/index.ts';
import { age, type DomainStatus, type Drift, type Repository, type Revision } from '../cluster/index.ts';
import { shortOid } from '../git/index.ts';
import { factLines } from './facts.ts';
import { suspensionOf } from './suspension.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** What `describeRepository` needs to know besides the object. */
export interface RepositoryFacts {
  readonly repository: Repository;
  /** Revisions of the commits that it names, by commit, as far as they are still kept. */
  readonly revisions: ReadonlyMap<string, Revision>;
  readonly now: UnixMs;
}

/** The commits whose subjects are shown. */
export function namedCommits({ status }: Repository): readonly string[] {
  return Object.values(status?.domains ?? {}).flatMap(({ desired, lastApplied, history = [] }) => [
    ...(desired === undefined ? [] : [desired]),
    ...(lastApplied === undefined ? [] : [lastApplied]),
    ...history.map(({ commit }) => commit),
  ]);
}

/** Whether the system is as git has it: applied whole, with nothing failed, held, waiting, suspended or beside git. */
export function isHealthy(repository: Repository): boolean {
  const isClean = trackedDomains(repository).every(
    ({ status }) =>
      (status.failed ?? []).length === 0 &&
      (status.waiting ?? []).length === 0 &&
      status.pruneHeld === undefined &&
      !(status.drift ?? []).some(isForeign),
  );
  const isReady =
    conditionOf(repository, 'Ready')?.status !== 'False' && conditionOf(repository, 'SourceReady')?.status !== 'False';
  return repository.spec.suspended !== true && isReady && isClean && isSettled(repository);
}

/** A repository, its domains and what is wrong with them, for `status` and `describe`. */
export function describeRepository(facts: RepositoryFacts, terminal: Terminal): string {
  const { repository } = facts;
  const head = factLines(terminal, [
    ['Repository', paint(terminal, 'bold', repository.metadata.name)],
    ['Project', repository.status?.project],
    ['Source', sourceText(repository)],
    ['Polled', pollText(facts)],
    ['Reviews', reviewsText(repository)],
    ['Status', statusText(facts, terminal)],
    ['Suspended', suspendedText(facts)],
  ]);
  const domains = Object.entries(repository.status?.domains ?? {});
  const parts = domains.map(([name, status]) => domainLines(facts, { name, status }, terminal));
  const reviewed = reviewedLines(repository);
  if (reviewed.length > 0) parts.push(reviewed);
  if (domains.length === 0) parts.push(['No commit of it is registered yet.']);
  return `${[head, ...parts].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** It is not of git, and is left alone. */
function isForeign({ state }: Drift): boolean {
  return state === 'kept';
}

function sourceText({ metadata, spec }: Repository): string {
  if (spec.source.kind === 'push') return `served here, as /git/${metadata.name}.git`;
  const { url, interval = '1m' } = spec.source;
  return `${printable(webUrl(url) ?? withoutCredentials(url))}, polled every ${printable(interval)}`;
}

/** A URL may hold a password that somebody put there, though it is refused. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+-]+:\/\/)[^@/]*@/i, '$1');
}

function pollText({ repository, now }: RepositoryFacts): string | undefined {
  const { source } = repository.status ?? {};
  if (source === undefined) return undefined;
  const { failures = 0, lastChangedAt, nextAttemptAt, message } = source;
  if (failures === 0) return lastChangedAt === undefined ? undefined : `last change ${age(lastChangedAt, now)} ago`;
  const next = nextAttemptAt === undefined ? '' : `, next try ${nextAttemptAt}`;
  const times = failures === 1 ? 'once' : `${failures} times`;
  return `failed ${times}${next}: ${printable(message ?? '')}`;
}

function reviewsText(repository: Repository): string | undefined {
  if (repository.spec.reviews === undefined) return undefined;
  const { status, message } = conditionOf(repository, 'ReviewsPosted') ?? {};
  const { nextAttemptAt } = repository.status?.reviews ?? {};
  const next = status !== 'False' || nextAttemptAt === undefined ? '' : `, next try ${nextAttemptAt}`;
  return message === undefined
    ? 'not looked at yet'
    : `${status === 'False' ? `failed${next}: ` : ''}${printable(message)}`;
}

/** Pull requests that are told; the rest is counted. */
const MAX_PULL_REQUESTS = 20;

function reviewedLines({ status }: Repository): readonly string[] {
  const all = Object.entries(status?.reviews?.reviewed ?? {}).sort(([a], [b]) => Number(b) - Number(a));
  if (all.length === 0) return [];
  const lines = all.slice(0, MAX_PULL_REQUESTS).map(([number, { head, verdict }]) => {
    return `  ${printable(number).padStart(5)}  ${printable(shortOid(head))}  ${printable(verdict)}`;
  });
  const left = all.length - lines.length;
  return ['Open pull requests, as they were reviewed', ...lines, ...(left > 0 ? [`  … and ${left} more`] : [])];
}

function statusText({ repository }: RepositoryFacts, terminal: Terminal): string | undefined {
  for (const [type, bad] of [
    ['Stalled', 'True'],
    ['SourceReady', 'False'],
    ['Reconciling', 'True'],
    ['Ready', 'False'],
  ] as const) {
    const found = conditionOf(repository, type);
    if (found?.status !== bad) continue;
    const word = type === 'SourceReady' ? 'Source not ready' : type === 'Ready' ? 'Not ready' : type;
    return `${paint(terminal, type === 'Reconciling' ? 'yellow' : 'red', word)}: ${printable(found.message)}`;
  }
  const ready = conditionOf(repository, 'Ready');
  return ready === undefined ? undefined : `${paint(terminal, 'green', 'Ready')}: ${printable(ready.message)}`;
}

function suspendedText({ repository, now }: RepositoryFacts): string | undefined {
  const suspension = suspensionOf(repository);
  if (suspension === undefined) return undefined;
  const { by, at, reason } = suspension;
  const who = by === undefined ? 'yes' : `by ${printable(by)}`;
  return `${who}${at === undefined ? '' : `, ${age(at, now)} ago`}${reason === undefined ? '' : `: ${printable(reason)}`}`;
}

function domainLines(
  facts: RepositoryFacts,
  { name, status }: { readonly name: string; readonly status: DomainStatus },
  terminal: Terminal,
): readonly string[] {
  const title = paint(terminal, 'bold', printable(name));
  if (status.ref === '') return [`${title}: no longer declared, is being emptied`];
  if (status.ref.includes('*')) return [`${title}: any other branch (${printable(status.ref)}) registers only`];
  const { desired, lastApplied, lastAppliedAt, message } = status;
  const when = lastAppliedAt === undefined ? '' : `, ${age(lastAppliedAt, facts.now)} ago`;
  const isBehind = desired !== undefined && desired !== lastApplied;
  const lines = factLines(terminal, [
    ['  Active', lastApplied === undefined ? 'nothing yet' : commitText(facts, lastApplied, terminal, when)],
    ['  Wanted', isBehind ? paint(terminal, 'yellow', commitText(facts, desired, terminal)) : undefined],
    ['  Message', message === undefined ? undefined : printable(message)],
  ]);
  return [
    `${title} tracks ${printable(status.ref)}, in ${repositoryNamespace(facts, name)}`,
    ...lines,
    ...troubles(facts, status, terminal),
  ];
}

function repositoryNamespace({ repository }: RepositoryFacts, domain: string): string {
  return `${repository.status?.project}-${domain}`;
}

/** The commit, its subject, author and `rest`, in one line: of a long subject as much as the terminal has room for. */
function commitText(
  { revisions }: Pick<RepositoryFacts, 'revisions'>,
  commit: string,
  { columns }: Terminal,
  rest = '',
): string {
  const spec = revisions.get(commit)?.spec;
  if (spec === undefined) return `${shortOid(commit)}${rest}`;
  const author = printable(authorName(spec.author));
  const subject = printable(spec.subject);
  const taken = LABEL_COLUMNS + widthOf(`${shortOid(commit)}  (${author})${rest}`);
  const shown = columns === undefined ? subject : cutTo(subject, Math.max(columns - taken, MIN_SUBJECT_COLUMNS));
  return `${shortOid(commit)} ${shown} (${author})${rest}`;
}

const LABEL_COLUMNS = '  Message:  '.length;
const MIN_SUBJECT_COLUMNS = 12;

/** `Ada <ada@example.org>` → `Ada`. */
export function authorName(author: string): string {
  return author.replace(/\s*<[^>]*>\s*$/, '');
}

function troubles({ now, revisions }: RepositoryFacts, status: DomainStatus, terminal: Terminal): readonly string[] {
  const { failed = [], waiting = [], drift = [], history = [], pruneHeld } = status;
  const lines: string[] = [];
  for (const { kind, name, message } of failed) {
    lines.push(`  ${paint(terminal, 'red', 'failed')}   ${kind}/${printable(name)}: ${printable(message)}`);
  }
  for (const { kind, name, reason } of waiting) {
    lines.push(
      `  ${paint(terminal, 'yellow', 'waits')}    ${kind}/${printable(name)} to be removed: ${printable(reason)}`,
    );
  }
  if (pruneHeld !== undefined) {
    const { count, of, reason } = pruneHeld;
    lines.push(
      `  ${paint(terminal, 'yellow', 'held')}     ${count} of ${of} definitions were not removed: ${printable(reason)}`,
    );
  }
  for (const { kind, name, by, at } of drift.filter(isForeign)) {
    const who = by === undefined ? '' : ` by ${printable(by)}`;
    const added = `${kind}/${printable(name)} added${who} ${age(at, now)} ago: no commit has it`;
    lines.push(`  ${paint(terminal, 'yellow', 'foreign')}  ${added}`);
  }
  for (const { kind, name, what, by, at, state } of drift.filter((entry) => !isForeign(entry)).slice(0, MAX_SHOWN)) {
    const who = by === undefined ? '' : ` by ${printable(by)}`;
    lines.push(`  drift    ${kind}/${printable(name)} ${what}${who} ${age(at, now)} ago: ${state}`);
  }
  for (const { commit, at, created, updated, pruned } of history.slice(0, MAX_SHOWN)) {
    const counts = `${created} created, ${updated} updated, ${pruned} removed`;
    const text = commitText({ revisions }, commit, terminal, `, ${age(at, now)} ago: ${counts}`);
    lines.push(`  ${paint(terminal, 'dim', 'history')}  ${text}`);
  }
  return lines;
}

const MAX_SHOWN = 10;
