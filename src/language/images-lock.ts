import { type Diagnostic, MAX_FILE_DIAGNOSTICS } from '../base/index.ts';
import type { Place } from './document.ts';
import { collectFindings } from './findings.ts';
import { decodeText } from './gate.ts';
import { isImageDigest, parseImageReference, taggedImage } from './image-reference.ts';
import { type SourceText, sourceText, startOfFile } from './source-text.ts';

/** The file at the root of a repository that holds the digest of each image. */
export const IMAGES_LOCK_FILE = 'images.lock';

/** What an image's tag meant when it was locked. */
export interface LockedImage {
  /** As `taggedImage` gives it: `docker.io/library/python:3.12`. */
  readonly image: string;
  /** For example `sha256:…`. */
  readonly digest: string;
  /** What the digest is of: an index holds for every platform, a manifest is the image of one. */
  readonly of: 'index' | 'manifest';
}

export interface ImagesLock {
  /** By `image`. Of a malformed file what could be read; images with two digests are left out. */
  readonly images: ReadonlyMap<string, LockedImage>;
  readonly diagnostics: readonly Diagnostic[];
  /** Where the line of an image stands. */
  readonly placeOf: (image: string) => Place;
}

const HEAD = [
  '# The digest that each image of this project has, so that a commit runs the same images for ever.',
  '# Written by `pipectl lock`, to be committed; `pipectl lock --update` looks for newer ones.',
  'version: 1',
];
const ENTRY = /^ {2}(\S+): \{ (index|manifest): (\S+) \}$/;

/** The text of a lock file: one line for each image, in order of code units. */
export function formatImagesLock(images: Iterable<LockedImage>): string {
  const sorted = [...images].sort((a, b) => (a.image < b.image ? -1 : a.image > b.image ? 1 : 0));
  const lines = sorted.map(({ image, of, digest }) => `  ${image}: { ${of}: ${digest} }`);
  return `${[...HEAD, lines.length === 0 ? 'images: {}' : 'images:', ...lines].join('\n')}\n`;
}

/**
 * Reads a lock file, which is YAML of one form only: the form that `pipectl lock` writes, with comments. So it takes
 * linear time, and a merge that went wrong is told by its line.
 */
export function parseImagesLock(bytes: Uint8Array): ImagesLock {
  const findings = collectFindings(IMAGES_LOCK_FILE);
  const decoded = decodeText(bytes);
  if (decoded.kind === 'refused') {
    const { code, message, text, start, end, help } = decoded;
    const wholeFile: Place = { span: startOfFile(IMAGES_LOCK_FILE), frame: '' };
    const place = (): Place => (text === '' ? wholeFile : sourceText(IMAGES_LOCK_FILE, text).place(start, end));
    // A lock file is not split.
    findings.add(code, message, place, code === 'PIPE-YAML-001' ? undefined : help);
    return { images: new Map(), diagnostics: findings.list(), placeOf: () => wholeFile };
  }
  const source = sourceText(IMAGES_LOCK_FILE, decoded.text);
  let told = 0;
  const tell: TellLine = (message, start, end, help) => {
    told += 1;
    findings.add('PIPE-LOCK-003', message, () => source.place(start, end), help);
  };
  const { images, offsets } = readLines(source, tell, () => told >= MAX_FILE_DIAGNOSTICS);
  return {
    images,
    diagnostics: findings.list(),
    placeOf: (image) => {
      const start = offsets.get(image) ?? 0;
      return source.place(start, start + image.length);
    },
  };
}

type TellLine = (message: string, start: number, end: number, help?: string) => void;

interface Lines {
  readonly images: Map<string, LockedImage>;
  /** Where each image's name begins. */
  readonly offsets: Map<string, number>;
}

/** `head`: before `version`; `version`: before `images`; `images`: its lines; `end`: after `images: {}`. */
type Section = 'head' | 'version' | 'images' | 'end';

/** Reads line by line, until so much is wrong that the rest would not be told. */
function readLines({ text }: SourceText, tell: TellLine, isFull: () => boolean): Lines {
  const lines: Lines = { images: new Map(), offsets: new Map() };
  const twice = new Set<string>();
  let section: Section = 'head';
  let isConflictTold = false;
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.trimEnd();
    if (line === '' || line.trimStart().startsWith('#')) continue;
    if (isFull()) break;
    if (/^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/.test(line)) {
      if (!isConflictTold) tell('a merge left its conflict here', start, start + line.length, HELP_AGAIN);
      isConflictTold = true;
    } else if (line === 'version: 1' && section === 'head') section = 'version';
    else if ((line === 'images:' || line === 'images: {}') && section === 'version') {
      section = line === 'images:' ? 'images' : 'end';
    } else if (section === 'images' && line.startsWith('  ')) readEntry(line, start, lines, twice, tell);
    else {
      tellLine(line, start, section, tell);
      // The rest of a file with an odd head would only be told line by line.
      if (section === 'head') return lines;
    }
  }
  if (section === 'head' || section === 'version') tell('the lock file is cut off', 0, 1, HELP_AGAIN);
  for (const image of twice) lines.images.delete(image);
  return lines;
}

const HELP_AGAIN = 'run `pipectl lock`: it keeps what can be read and looks up the rest';

function tellLine(line: string, start: number, section: Section, tell: TellLine): void {
  const end = start + line.length;
  if (section !== 'head') tell('this line cannot be read', start, end, HELP_AGAIN);
  else if (!line.startsWith('version:')) tell('a lock file begins with "version: 1"', start, end, HELP_AGAIN);
  else tell('this version of the lock file is not known', start, end, 'use the pipectl that wrote it, or a newer one');
}

function readEntry(line: string, start: number, lines: Lines, twice: Set<string>, tell: TellLine): void {
  const end = start + line.length;
  const [, image, of, digest] = ENTRY.exec(line) ?? [];
  if (image === undefined || digest === undefined) {
    tell('this line cannot be read', start + 2, end, HELP_AGAIN);
    return;
  }
  const nameStart = start + 2;
  const parsed = parseImageReference(image);
  if (parsed.kind === 'error') {
    tell(parsed.message, nameStart + parsed.start, nameStart + parsed.end, HELP_AGAIN);
    return;
  }
  const normal = taggedImage(parsed.reference);
  if (normal !== image) {
    const message =
      normal === undefined ? 'an image by digest needs no lock' : `this image is written "${normal}" here`;
    tell(message, nameStart, nameStart + image.length, HELP_AGAIN);
  } else if (!isImageDigest(digest)) {
    const digestStart = start + line.lastIndexOf(digest);
    tell(`this is no digest`, digestStart, digestStart + digest.length, HELP_AGAIN);
  } else {
    const known = lines.images.get(image);
    if (known !== undefined) tell('this image is locked twice', nameStart, nameStart + image.length, HELP_AGAIN);
    if (known !== undefined && known.digest !== digest) twice.add(image);
    lines.images.set(image, { image, digest, of: of === 'index' ? 'index' : 'manifest' });
    lines.offsets.set(image, nameStart);
  }
}

/** What a lock lacks, and what it has that nothing uses; both in order. */
export interface LockDifference {
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

/** Compares the images of a project, as `taggedImage` gives them, with those of its lock. */
export function compareLock(images: ReadonlySet<string>, locked: ReadonlyMap<string, unknown>): LockDifference {
  return {
    missing: [...images].filter((image) => !locked.has(image)).sort(),
    unused: [...locked.keys()].filter((image) => !images.has(image)).sort(),
  };
}
