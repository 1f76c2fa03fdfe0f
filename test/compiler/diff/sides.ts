import { type CommitDiff, type DiffSide, diffCommits, openSide } from '../../../src/compiler/index.ts';
import { blobOf, type Commit, commitOf } from '../commit.ts';

export interface TestSide {
  readonly side: DiffSide;
  readonly codes: readonly string[];
}

/** A commit as one side of a comparison. */
export function sideOf(commit: Commit): TestSide {
  const files = new Map([...commit.files].map(([path, text]) => [path, blobOf(text)] as const));
  const texts = new Map(
    [...commit.files.values()].map((text) => [blobOf(text), new TextEncoder().encode(text)] as const),
  );
  const trees = new Map<string, string | null>();
  const blobs = new Map<string, string | null>();
  for (let round = 0; round < 10; round++) {
    const opened = openSide({ files, texts, trees, blobs });
    if (opened.kind === 'opened') return { side: opened.side, codes: opened.errors.map(({ code }) => code) };
    for (const folder of opened.folders) trees.set(folder, commit.folders.get(folder) ?? null);
    for (const file of opened.files) blobs.set(file, null);
  }
  throw new Error('a side asks for the same again');
}

/** What differs between two commits of one definitions file each. */
export function diffTexts(before: string, after: string): CommitDiff {
  return diffCommits(sideOf(commitOf(before)).side, sideOf(commitOf(after)).side);
}

/** Changes of all entities as lines: `Task/clean spec.run.image image behaviour "a" → "b"`. */
export function changeLines({ changed }: CommitDiff): readonly string[] {
  return changed.flatMap((entity) =>
    entity.changes.map(({ path, kind, level, before, after }) => {
      const values = [before, after].map((value) => (value === undefined ? '∅' : JSON.stringify(value)));
      return `${entity.kind}/${entity.name} ${path.join('.')} ${kind} ${level} ${values.join(' → ')}`;
    }),
  );
}

/** Breaks as lines, callers indented: `Workflow/etl inputRequired limit`, `  broken Schedule/nightly 12`. */
export function breakLines({ breaks }: CommitDiff): readonly string[] {
  return breaks.flatMap(({ entity, kind, name, level, affected }) => [
    `${entity.kind}/${entity.name} ${kind}${name === undefined ? '' : ` ${name}`} ${level}`,
    ...affected.map((caller) => {
      const through = caller.through === undefined ? '' : ` through ${caller.through}`;
      return `  ${caller.state} ${caller.kind}/${caller.name}${through}: ${caller.message}`;
    }),
  ]);
}

/** Tasks, a workflow, a launch plan and a schedule that use each other. */
export const PIPELINE = `
kind: Task
metadata: { name: clean, labels: { team: sales } }
spec:
  inputs: { day: datetime, limit: { type: integer, default: 10 } }
  outputs: { rows: integer, mode: "enum<full|part>" }
  source: tasks
  run: { image: "python:3.12", command: [python, clean.py], env: { LANG: C } }
  retries: { limit: 2, backoff: { initial: 1s } }
  timeout: { run: 5m }
  cache: { ttl: 1d }
  resources: { requests: { cpu: 500m, memory: 1Gi } }
---
kind: Workflow
metadata: { name: etl }
spec:
  inputs:
    day: datetime
    wait: { type: duration, default: 5m }
  outputs: { rows: "\${{ nodes.count.outputs.twice }}" }
  nodes:
    clean: { task: clean, with: { day: "\${{ inputs.day }}", limit: 5 }, needs: [] }
    count:
      compute: { twice: "\${{ nodes.clean.outputs.rows * 2 }}", table: [{ a: 1, b: x }, { a: 2, b: y }] }
---
kind: LaunchPlan
metadata: { name: nightly }
spec: { workflow: etl, inputs: { default: { wait: 10m } }, maxParallelism: 5 }
---
kind: Schedule
metadata: { name: nightly }
spec: { launchPlan: nightly, cron: "0 2 * * *", timeZone: Europe/Berlin, kickoffTime: day, spread: 5m }
`;

/** The pipeline with one text in place of another, which must be there. */
export function edited(from: string, to: string, text = PIPELINE): string {
  if (!text.includes(from)) throw new Error(`the pipeline has no ${from}`);
  return text.replaceAll(from, () => to);
}
