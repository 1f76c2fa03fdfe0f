import { MAX_PATH_SEGMENT_LENGTH } from '../base/index.ts';

/**
 * Why an entry of a tree is not to be touched. `forged`: git itself never makes such an entry, and checking it
 * out could write outside the work tree. `unportable`: legal in git, but means different files on different machines.
 */
export interface NameProblem {
  readonly severity: 'forged' | 'unportable';
  readonly reason: string;
}

/** Code points that HFS+ ignores in names: `.g\u200cit` is `.git` there (git's utf8.c, next_hfs_char). */
const HFS_IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** `.git`, also as NTFS reads it: `GIT~1`, trailing dots, spaces and stream names (git's path.c, is_ntfs_dotgit). */
const DOT_GIT = /^(?:\.git|git~1)[. ]*(?::.*)?$/i;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** What is wrong with `name` as one segment of a path, or undefined when it is safe everywhere. */
export function checkSegment(name: string): NameProblem | undefined {
  if (name === '') return forged('is empty');
  if (name === '.' || name === '..') return forged('is a relative path');
  if (name.includes('/')) return forged('contains a slash');
  if (name.split('\\').some((part) => DOT_GIT.test(part.replace(HFS_IGNORED, '')))) return forged('stands for .git');
  if (CONTROL.test(name)) return unportable('contains a control character');
  if (name.includes('\\')) return unportable('contains a backslash');
  if (BIDIRECTIONAL.test(name)) return unportable('contains a bidirectional control character');
  if (name.includes('\ufffd')) return unportable('is not valid UTF-8');
  if (name.length > MAX_PATH_SEGMENT_LENGTH) return unportable(`is longer than ${MAX_PATH_SEGMENT_LENGTH} characters`);
  return undefined;
}

/** The key under which two names are one file where case or Unicode form does not count (Windows, macOS). */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function forged(reason: string): NameProblem {
  return { severity: 'forged', reason };
}

function unportable(reason: string): NameProblem {
  return { severity: 'unportable', reason };
}
