import {
  compareLock,
  type DefinitionOf,
  IMAGES_LOCK_FILE,
  type ImagesLock,
  parseImageReference,
  parseImagesLock,
  pinnedImage,
  taggedImage,
} from '../language/index.ts';
import { recordOf } from './record.ts';
import { type Compilation, tellTo, type Workspace } from './workspace.ts';

export type LockLookup =
  | { readonly kind: 'none' }
  /** The text of `images.lock` must be read first. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'found'; readonly lock: ImagesLock };

/** Parsed lock files, kept as long as their bytes are: between the rounds of a compilation. */
const PARSED = new WeakMap<Uint8Array, ImagesLock>();

/** The blob of the commit's lock file; undefined when it has none. */
export function lockBlob({ request }: Workspace): string | undefined {
  const blob = request.files.get(IMAGES_LOCK_FILE);
  return blob === undefined ? request.base?.imagesLock : (blob ?? undefined);
}

/** The lock file of the commit. */
export function lookUpLock(workspace: Workspace): LockLookup {
  const blob = lockBlob(workspace);
  if (blob === undefined) return { kind: 'none' };
  const bytes = workspace.request.texts.get(blob);
  if (bytes === undefined) {
    workspace.neededBlobs.set(IMAGES_LOCK_FILE, blob);
    return { kind: 'pending' };
  }
  const lock = PARSED.get(bytes) ?? parseImagesLock(bytes);
  PARSED.set(bytes, lock);
  return { kind: 'found', lock };
}

/** The image of a task as its closure holds it. */
export type TaskImage =
  | { readonly kind: 'none' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'image'; readonly image: string; readonly images?: Compilation['images'] };

/** An image by tag becomes one by digest where the lock knows it; one by digest stays as it is written. */
export function imageOf(workspace: Workspace, task: DefinitionOf<'Task'>): TaskImage {
  const written = task.spec.run.image;
  const parsed = written === undefined ? undefined : parseImageReference(written);
  if (written === undefined || parsed?.kind !== 'ok') return { kind: 'none' };
  const tagged = taggedImage(parsed.reference);
  if (tagged === undefined) return { kind: 'image', image: written };
  const lookup = lookUpLock(workspace);
  if (lookup.kind === 'pending') return lookup;
  const locked = lookup.kind === 'found' ? lookup.lock.images.get(tagged) : undefined;
  const images = recordOf([[tagged, locked?.digest ?? null]]);
  if (locked !== undefined) return { kind: 'image', image: pinnedImage(parsed.reference, locked.digest), images };
  if (lookup.kind === 'found' && isReadable(lookup.lock)) {
    const help = 'run `pipectl lock` and commit images.lock';
    const place = task.placeOf(['spec', 'run', 'image']);
    tellTo(workspace)('PIPE-LOCK-001', `the image "${tagged}" is not in ${IMAGES_LOCK_FILE}`, place, { help });
  }
  return { kind: 'image', image: written, images };
}

/** A lock file with errors is told itself, not through what it lacks because of them. */
function isReadable({ diagnostics }: ImagesLock): boolean {
  return diagnostics.length === 0;
}

/** Entities of the base whose images mean something else by a changed lock, or are not in it. */
export function lockDependents(workspace: Workspace): readonly string[] {
  const { request, base } = workspace;
  if (!request.files.has(IMAGES_LOCK_FILE) || base.entries.size === 0) return [];
  const lookup = lookUpLock(workspace);
  if (lookup.kind === 'pending') return [];
  const affected: string[] = [];
  for (const [key, { images }] of base.entries) {
    for (const [image, digest] of Object.entries(images ?? {})) {
      const locked = lookup.kind === 'found' ? lookup.lock.images.get(image) : undefined;
      const isMissing = lookup.kind === 'found' && locked === undefined;
      if (isMissing || (locked?.digest ?? null) !== digest) affected.push(key);
    }
  }
  return affected;
}

/** Tells what is wrong with the lock file, and which of its lines nothing uses, when a change can have made it so. */
export function checkLock(
  workspace: Workspace,
  compilations: readonly Compilation[],
  removed: ReadonlySet<string>,
): void {
  if (!workspace.request.files.has(IMAGES_LOCK_FILE) && !dropsImage(workspace, compilations, removed)) return;
  const lookup = lookUpLock(workspace);
  if (lookup.kind !== 'found') return;
  tellLock(workspace, lookup.lock, () => usedImages(workspace, compilations, removed));
}

/** Tells what is wrong with the lock file and, where nothing else is wrong so far, which of its lines nothing uses. */
export function tellLock(workspace: Workspace, lock: ImagesLock, usedIn: () => ReadonlySet<string>): void {
  // What is defined wrongly may use any of them.
  const isWhole = workspace.diagnostics.every(({ severity }) => severity !== 'error') && isReadable(lock);
  workspace.diagnostics.push(...lock.diagnostics);
  if (!isWhole) return;
  for (const image of compareLock(usedIn(), lock.images).unused) {
    const help = '`pipectl lock` takes it away';
    tellTo(workspace)('PIPE-LOCK-002', `no task runs the image "${image}"`, lock.placeOf(image), { help });
  }
}

function keyOfCompilation({ closure }: Compilation): string {
  return `${closure.kind}/${closure.name}`;
}

/** Whether some entity no longer runs an image that it ran in the base. */
function dropsImage({ base }: Workspace, compilations: readonly Compilation[], removed: ReadonlySet<string>): boolean {
  for (const key of removed) if (base.entries.get(key)?.images !== undefined) return true;
  return compilations.some((compilation) => {
    const before = base.entries.get(keyOfCompilation(compilation))?.images;
    const after = compilation.images ?? {};
    return before !== undefined && Object.keys(before).some((image) => !Object.hasOwn(after, image));
  });
}

function usedImages(
  { base }: Workspace,
  compilations: readonly Compilation[],
  removed: ReadonlySet<string>,
): ReadonlySet<string> {
  const used = new Set<string>();
  const compiled = new Set(compilations.map(keyOfCompilation));
  for (const { images } of compilations) for (const image of Object.keys(images ?? {})) used.add(image);
  for (const [key, { images }] of base.entries) {
    if (images === undefined || removed.has(key) || compiled.has(key)) continue;
    for (const image of Object.keys(images)) used.add(image);
  }
  return used;
}
