import type { Json } from '../../../src/base/index.ts';
import { SECRET_MARK } from '../workload/secrets.ts';
import type { Facts, Invariant } from './facts.ts';

/** What of a value is the same in every form of it: as it is, in JSON and URLs, and in base64 at each of its three places. */
const SHOWN = new RegExp([SECRET_MARK, ...[0, 1, 2].map(withinBase64)].join('|'));

function withinBase64(before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(SECRET_MARK)]);
  const text = bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  return text.replaceAll('+', '\\+');
}

/** 17: no value of a secret is in what is stored, logged or archived, but sealed. */
export const secretsStaySecret: Invariant = {
  after(facts, commit) {
    if (commit.kind === 'delete') return;
    const { kind } = commit.kind === 'put' ? commit.object : commit.key;
    if (commit.kind === 'status') look(facts, commit.patch, `the status of ${kind} ${commit.key.name}`);
    // Kubernetes keeps values as they are given; here they are sealed.
    else if (LOOKED_AT.has(kind) && (kind !== 'Secret' || facts.world.plan.mode === 'embedded')) {
      look(facts, commit.object as unknown as Json, `${kind} ${commit.object.metadata.name}`);
    }
  },
  end(facts) {
    const { agent, archive } = facts.world;
    for (const log of agent.logs) look(facts, log, 'a log');
    for (const [key, entry] of archive?.entries ?? []) look(facts, entry as unknown as Json, `archived ${key}`);
  },
};

/** Other kinds are made of commits, which hold no value. */
const LOOKED_AT: ReadonlySet<string> = new Set([
  'Pod',
  'Execution',
  'Secret',
  'CacheEntry',
  'MapResults',
  'Notification',
]);

function look(facts: Facts, value: Json, where: string): void {
  if (typeof value === 'string') {
    if (value.length >= SECRET_MARK.length && SHOWN.test(value)) facts.violate(17, `${where} shows a secret: ${value}`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const name in value) look(facts, (value as Record<string, Json>)[name] as Json, where);
}

/** 17, of what processes log: rarely asked, for it makes text of all of it. */
export function watchLogs(facts: Facts): void {
  facts.world.logWatchers.push((text) => look(facts, text, 'a log of the control plane'));
}
