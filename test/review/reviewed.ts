import { createHash } from 'node:crypto';
import { NO_REST, platformIn, schedulesIn } from '../../src/client/review/schedules-in.ts';
import { openSide } from '../../src/compiler/index.ts';
import { planReview } from '../../src/main/plan-review.ts';
import { type DomainInput, type Report, type ReviewInput, type ReviewSide, review } from '../../src/review/index.ts';

/** Files of a commit by path. */
export type Files = Readonly<Record<string, string>>;

export const HEAD = 'apiVersion: pipectl.dev/v1\n';
/** A Monday, three hours before noon in Berlin. */
export const NOW = Date.parse('2026-01-05T08:00:00Z');
export const DOMAIN = { name: 'production', namespace: 'shop-production' };

/** The project with settings of its own. */
export function project(more = ''): string {
  return `${HEAD}kind: Project\nmetadata: { name: shop }\nspec: { paths: [pipelines], domains: { production: { ref: main } }${more} }\n`;
}

/** Lints that would tell how small the examples are. */
export const QUIET =
  ', lints: { PIPE-LINT-001: off, PIPE-LINT-002: off, PIPE-LINT-003: off, PIPE-LINT-005: off, PIPE-LINT-009: off }';

/** A commit of one definitions file. */
export function commitOf(...documents: readonly string[]): Files {
  return {
    'pipectl.yaml': project(QUIET),
    'pipelines/all.yaml': `${HEAD}${documents.map((text) => text.trim()).join('\n---\n')}\n`,
  };
}

const digest = (text: string): string => createHash('sha1').update(text).digest('hex');

/** What both commits have in a further domain of the shop. */
export function elsewhere(name: string, before: Files, after: Files): DomainInput {
  const domain = { name, namespace: `shop-${name}` };
  const [base, head] = [sideOf(before, '', name), sideOf(after, '', name)];
  return { domain, base, head, plan: planReview({ base: base.side, head: head.side, domain, isPart: false }) };
}

/** One commit as a side of a review. */
export function sideOf(given: Files, title: string, domain: string = DOMAIN.name): ReviewSide {
  const yaml = Object.entries(given).filter(([path]) => path.endsWith('.yaml'));
  const files = new Map(yaml.map(([path, text]) => [path, digest(text)] as const));
  const texts = new Map(yaml.map(([, text]) => [digest(text), Buffer.from(text)] as const));
  const trees = new Map<string, string | null>();
  const blobs = new Map<string, string | null>();
  for (let round = 0; round < 10; round++) {
    const opened = openSide({ files, texts, trees, blobs });
    if (opened.kind === 'opened') {
      const { side, findings } = opened;
      const platform = platformIn(side, NO_REST, domain);
      return {
        title,
        side,
        findings,
        schedules: schedulesIn(side, NO_REST, domain),
        ...(platform !== undefined && { platform }),
      };
    }
    for (const folder of opened.folders) trees.set(folder, digest(folder));
    for (const file of opened.files) {
      const text = given[file];
      blobs.set(file, text === undefined ? null : digest(text));
      if (text !== undefined) texts.set(digest(text), Buffer.from(text));
    }
  }
  throw new Error('a side asks for the same again');
}

/** The review of two commits, as the command makes it. */
export function reviewed(before: Files, after: Files, more: Partial<ReviewInput> = {}): Report {
  const [base, head] = [sideOf(before, 'main (1111111)'), sideOf(after, 'change (2222222)')];
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const plan = planReview({ base: base.side, head: head.side, domain: DOMAIN, isPart: false });
  return review({
    base,
    head,
    now: NOW,
    mergeAt: NOW,
    tzdata: '2026a',
    domain: DOMAIN,
    changedFiles: paths.filter((path) => before[path] !== after[path]).sort(),
    plan,
    ...more,
  });
}

/** A workflow that does next to nothing, and its launch plan. */
export const SUMS = `
kind: Workflow
metadata: { name: sums }
spec:
  inputs: { n: { type: integer, default: 1 } }
  outputs: { x: "\${{ nodes.one.outputs.x }}" }
  nodes: { one: { compute: { x: "\${{ inputs.n + 1 }}" } } }
---
kind: LaunchPlan
metadata: { name: sums }
spec: { workflow: sums }
`;

/** A schedule of the sums. */
export function schedule(name: string, fields: string): string {
  return `kind: Schedule\nmetadata: { name: ${name} }\nspec: { launchPlan: sums, ${fields} }\n`;
}

/** The report of one schedule with other fields. */
export function rescheduled(
  before: string | undefined,
  after: string | undefined,
  more: Partial<ReviewInput> = {},
): Report {
  const commit = (fields: string | undefined): Files =>
    commitOf(SUMS, ...(fields === undefined ? [] : [schedule('nightly', fields)]));
  return reviewed(commit(before), commit(after), more);
}
