import { compareLock, imageName, type LockedImage, parseImageReference, taggedImage } from '../language/index.ts';

/** What locking a project takes. Images are in the form of `taggedImage`; all lists are in order. */
export interface LockPlan {
  /** Entries that stay as they are. */
  readonly kept: readonly LockedImage[];
  /** Images whose digest is to be looked up: those that the lock lacks, and those to be updated. */
  readonly wanted: readonly string[];
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

/** Compares the images of a project with its lock; `update` names those whose entries are not to be kept. */
export function planLock(
  images: ReadonlySet<string>,
  locked: ReadonlyMap<string, LockedImage>,
  update: ReadonlySet<string>,
): LockPlan {
  const { missing, unused } = compareLock(images, locked);
  const sorted = [...images].sort();
  const kept = sorted.flatMap((image) => {
    const entry = update.has(image) ? undefined : locked.get(image);
    return entry === undefined ? [] : [entry];
  });
  return { kept, missing, unused, wanted: sorted.filter((image) => !locked.has(image) || update.has(image)) };
}

/**
 * The images that a person means by `text`: the one that it names, or, where it has no tag, all tags of that name. An
 * empty list when there is none.
 */
export function matchingImages(text: string, images: Iterable<string>): readonly string[] {
  const parsed = parseImageReference(text);
  if (parsed.kind === 'error') return [];
  const name = imageName(parsed.reference);
  const hasTag = /:[^/]*$/.test(text) && !text.includes('@');
  const exact = taggedImage(parsed.reference);
  return [...images].filter((image) => image === exact || (!hasTag && image.slice(0, image.lastIndexOf(':')) === name));
}
