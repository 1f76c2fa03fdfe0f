import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MAX_FILE_BYTES, MAX_IMAGE_LOOKUPS, StalledError } from '../../base/index.ts';
import {
  compileWorkTree,
  findProjectRoot,
  type LockPlan,
  listWorkTree,
  matchingImages,
  PROJECT_FILE,
  planLock,
  readWorkFile,
} from '../../client/index.ts';
import { createRegistryClient } from '../../client/registry/index.ts';
import { createParseCache } from '../../compiler/index.ts';
import {
  type Definition,
  formatDiagnostics,
  formatImagesLock,
  IMAGES_LOCK_FILE,
  type ImagesLock,
  type LockedImage,
  parseImageReference,
  parseImagesLock,
  suggest,
  taggedImage,
} from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl lock`: writes the digest of each image that the project's tasks run. With --check it writes nothing. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const isUpdate = input.flag('update') || input.list('update').length > 0;
  const isOffline = input.flag('offline');
  if (isUpdate && isOffline) {
    throw new UsageError('--update looks digests up, and --offline forbids it', 'leave one of them out');
  }
  const root = findProjectRoot(context.cwd);
  if (root === undefined) {
    throw new UsageError(`there is no ${PROJECT_FILE} in ${context.cwd} or above`, '`pipectl init` writes a project');
  }
  const images = await imagesOf(context, root);
  const before = readLock(root);
  const plan = planLock(images, before?.lock.images ?? new Map(), updated(input, images));
  if (input.flag('check') && !isUpdate) return checkOnly(context, plan, before);
  if (isOffline && plan.wanted.length > 0) {
    for (const image of plan.wanted) context.stdout.write(`missing  ${image}\n`);
    throw new FailedError(`${IMAGES_LOCK_FILE} lacks ${countOf(plan.wanted)}`, 'run `pipectl lock` without --offline');
  }
  const found = await lookUp(context, plan.wanted);
  if (context.signal.aborted) return EXIT.interrupted;
  return input.flag('check') ? tellMoved(context, before, found, plan) : write(context, root, before, found, plan);
}

/**
 * The images that the project's tasks name by tag. Every definition must be readable, and no more than that: a policy or
 * lint that refuses unpinned images must not stand in the way of pinning them.
 */
async function imagesOf({ stdout }: CommandContext, root: string): Promise<ReadonlySet<string>> {
  const cache = createParseCache();
  const { outcome } = await compileWorkTree(root, { cache });
  const files = [...cache.files.values()];
  const hasProject = files.some(({ documents }) => documents.some(({ kind }) => kind === 'Project'));
  const found = hasProject ? files.flatMap(({ diagnostics }) => diagnostics) : outcome.diagnostics;
  const errors = found.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    stdout.write(formatDiagnostics(errors, 'pretty', { color: stdout.color }));
    throw new FailedError('the definitions have errors, so their images are not all known', 'correct these first');
  }
  const definitions = files.flatMap(({ documents }) => documents);
  return new Set(definitions.flatMap((definition) => imageOf(definition) ?? []));
}

function imageOf(definition: Definition): string | undefined {
  const written = definition.kind === 'Task' ? definition.spec.run.image : undefined;
  const parsed = written === undefined ? undefined : parseImageReference(written);
  return parsed?.kind === 'ok' ? taggedImage(parsed.reference) : undefined;
}

interface LockOnDisk {
  readonly lock: ImagesLock;
  readonly text: string;
}

function readLock(root: string): LockOnDisk | undefined {
  if (!existsSync(join(root, IMAGES_LOCK_FILE))) return undefined;
  const bytes = readWorkFile(root, IMAGES_LOCK_FILE);
  return { lock: parseImagesLock(bytes), text: new TextDecoder().decode(bytes) };
}

/** What `--update` names: images of the project; all of them when it names none. */
function updated(input: CommandInput, images: ReadonlySet<string>): ReadonlySet<string> {
  if (input.flag('update')) return images;
  return new Set(
    input.list('update').flatMap((text) => {
      const matching = matchingImages(text, images);
      if (matching.length > 0) return matching;
      const meant = suggest(text, [...images].sort());
      throw new UsageError(
        `no task runs the image "${text}" by tag`,
        meant === undefined ? '`pipectl lock --update` takes all' : `did you mean "${meant}"?`,
      );
    }),
  );
}

function checkOnly(context: CommandContext, plan: LockPlan, before: LockOnDisk | undefined): ExitCode {
  const { stdout, stderr } = context;
  const diagnostics = before?.lock.diagnostics ?? [];
  stdout.write(formatDiagnostics(diagnostics, 'pretty', { color: stdout.color }));
  for (const image of plan.missing) stdout.write(`missing  ${image}\n`);
  for (const image of plan.unused) stdout.write(`unused   ${image}\n`);
  const isCanonical = before === undefined ? plan.kept.length === 0 : before.text === formatImagesLock(plan.kept);
  if (plan.missing.length + plan.unused.length + diagnostics.length > 0 || !isCanonical) {
    throw new FailedError(`${IMAGES_LOCK_FILE} is stale`, 'run `pipectl lock` and commit it');
  }
  stderr.write(`${paint(stderr, 'green', 'up to date')}: ${countOf(plan.kept)}\n`);
  return EXIT.ok;
}

/** Looks digests up, some at a time. Throws FailedError with all that could not be had: then nothing is written. */
async function lookUp(context: CommandContext, wanted: readonly string[]): Promise<readonly LockedImage[]> {
  if (wanted.length === 0) return [];
  const { env, clock, random, signal, stderr } = context;
  const wait = (ms: number) => setTimeout(ms, undefined, { signal }).catch(() => {});
  const client = createRegistryClient({ env, clock, random, signal, wait });
  const found: LockedImage[] = [];
  const failed: string[] = [];
  const left = wanted.values();
  const worker = async (): Promise<void> => {
    for (const image of left) {
      const parsed = parseImageReference(image);
      if (parsed.kind === 'error') continue;
      const result = await client.resolve(parsed.reference);
      if (result.kind === 'resolved') found.push({ image, digest: result.digest, of: result.of });
      else failed.push(`${image}: ${result.message}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_IMAGE_LOOKUPS, wanted.length) }, worker));
  if (failed.length > 0 && !signal.aborted) {
    for (const line of failed.sort()) stderr.write(`${printable(line)}\n`);
    throw new FailedError(`${failed.length} of ${countOf(wanted)} could not be looked up`, 'nothing was written');
  }
  return found.sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** Each looked-up image beside what the lock had, in order. */
function changesOf(before: LockOnDisk | undefined, found: readonly LockedImage[]): readonly string[] {
  return found.flatMap(({ image, digest }) => {
    const old = before?.lock.images.get(image)?.digest;
    if (old === undefined) return [`added    ${image} ${digest}`];
    return old === digest ? [] : [`updated  ${image} ${old} -> ${digest}`];
  });
}

/** `--check --update`: whether tags have moved since they were locked. */
function tellMoved(
  { stdout, stderr }: CommandContext,
  before: LockOnDisk | undefined,
  found: readonly LockedImage[],
  plan: LockPlan,
): ExitCode {
  const text = formatImagesLock([...plan.kept, ...found]);
  for (const line of changesOf(before, found)) stdout.write(`${line}\n`);
  for (const image of plan.unused) stdout.write(`removed  ${image}\n`);
  if (before?.text !== text)
    throw new FailedError(`${IMAGES_LOCK_FILE} is not what it would be`, 'run `pipectl lock --update`');
  stderr.write(`${paint(stderr, 'green', 'up to date')}: ${countOf(found)}\n`);
  return EXIT.ok;
}

async function write(
  { stdout, stderr }: CommandContext,
  root: string,
  before: LockOnDisk | undefined,
  found: readonly LockedImage[],
  plan: LockPlan,
): Promise<ExitCode> {
  const images = [...plan.kept, ...found];
  if (images.length === 0 && before === undefined) {
    stderr.write('no task names an image by tag: there is nothing to lock\n');
    return EXIT.ok;
  }
  const text = formatImagesLock(images);
  if (text === before?.text) {
    stderr.write(`${IMAGES_LOCK_FILE} is up to date: ${countOf(images)}\n`);
    return EXIT.ok;
  }
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new StalledError('TooManyImages', `${IMAGES_LOCK_FILE} would have more than ${MAX_FILE_BYTES} bytes`);
  }
  const path = join(root, IMAGES_LOCK_FILE);
  // Written beside and moved, so that an interruption leaves the old file or the new one.
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
  for (const line of changesOf(before, found)) stdout.write(`${line}\n`);
  for (const image of plan.unused) stdout.write(`removed  ${image}\n`);
  if (!(await listWorkTree(root)).paths.includes(IMAGES_LOCK_FILE)) {
    stderr.write(
      `git ignores ${IMAGES_LOCK_FILE}, so a push would not carry it: add \`!/${IMAGES_LOCK_FILE}\` to .gitignore\n`,
    );
  }
  stderr.write(`${paint(stderr, 'green', 'wrote')} ${IMAGES_LOCK_FILE}: ${countOf(images)}; commit it\n`);
  return EXIT.ok;
}

function countOf({ length }: readonly unknown[]): string {
  return `${length} ${length === 1 ? 'image' : 'images'}`;
}
