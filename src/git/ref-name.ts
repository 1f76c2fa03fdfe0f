import { MAX_REF_NAME_LENGTH } from '../base/index.ts';

/** What reads one way and is written another, and what moves the cursor of a terminal. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** Why a ref of this name is not taken though git would make it; undefined when it may be. */
export function refNameProblem(ref: string): string | undefined {
  if (ref.length > MAX_REF_NAME_LENGTH) return `is longer than ${MAX_REF_NAME_LENGTH} characters`;
  if (ref.split('/').some((part) => part.startsWith('-'))) return 'has a part that begins with "-", as an option does';
  if (HIDDEN.test(ref)) return 'holds a character that cannot be seen';
  if (ref.includes('\ufffd')) return 'is not valid UTF-8';
  return undefined;
}

/** A ref for people: what cannot be seen is written as its number. */
export function refText(ref: string): string {
  const shown = ref.length > MAX_REF_NAME_LENGTH ? `${ref.slice(0, MAX_REF_NAME_LENGTH)}…` : ref;
  return shown.replaceAll(
    new RegExp(HIDDEN, 'g'),
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
