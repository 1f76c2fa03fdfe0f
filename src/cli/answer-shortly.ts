import {
  type BegunLook,
  beginCheck,
  defaultCacheFolder,
  keptVerdict,
  openFolder,
  type Verdict,
  validateOpened,
} from '../client/index.ts';
import { openTerminal } from './terminal.ts';
import { untrackedLine, validLine } from './verdict-lines.ts';

/** A project that was validated before the command line was parsed. */
export interface FirstVerdict {
  readonly root: string;
  readonly verdict: Verdict;
}

/** Whether `validate` was answered, and otherwise what was found, if anything, for the command to tell. */
export type ShortAnswer =
  | { readonly isAnswered: true; readonly checked?: never }
  | { readonly isAnswered: false; readonly checked?: FirstVerdict | undefined };

/** Validates a folder that git can tell of, and answers when there is nothing to tell. */
export async function answerShortly(begun: BegunLook): Promise<ShortAnswer> {
  const { env, stderr } = process;
  const verdict = await verdictOf(begun, defaultCacheFolder(env));
  if (verdict === undefined) return { isAnswered: false };
  if (!verdict.isValid || verdict.diagnostics.length > 0) {
    return { isAnswered: false, checked: { root: begun.root, verdict } };
  }
  // A reader that went away has read enough.
  stderr.on('error', () => {});
  const answer = `${untrackedLine(verdict)}${validLine(openTerminal(stderr, env), verdict)}`;
  await new Promise((resolve) => stderr.write(answer, resolve));
  return { isAnswered: true };
}

/** Undefined for what the command does by itself: it tells of what goes wrong. */
async function verdictOf(begun: BegunLook, cacheFolder: string): Promise<Verdict | undefined> {
  const folder = await openFolder(begun, { cacheFolder }, beginCheck(begun, cacheFolder));
  if (folder === undefined) return undefined;
  try {
    return keptVerdict(folder) ?? (await validateOpened(folder));
  } catch {
    return undefined;
  }
}
