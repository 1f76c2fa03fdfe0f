import { type BegunLook, defaultCacheFolder, keptVerdict, type OpenedFolder, openFolder } from '../client/index.ts';
import { openTerminal } from './terminal.ts';
import { untrackedLine, validLine } from './verdict-lines.ts';

/** Whether `validate` was answered, and otherwise how the folder looks, for the command to go on with. */
export type KeptAnswer =
  | { readonly isAnswered: true; readonly folder?: never }
  | { readonly isAnswered: false; readonly folder: OpenedFolder | undefined };

/** Tells of a folder that has not changed since it was found valid, without a finding. */
export async function answerKept(begun: BegunLook): Promise<KeptAnswer> {
  const { env, stderr } = process;
  const folder = await openFolder(begun, { cacheFolder: defaultCacheFolder(env) });
  const verdict = folder && keptVerdict(folder);
  if (verdict?.isValid !== true || verdict.diagnostics.length > 0) return { isAnswered: false, folder };
  // A reader that went away has read enough.
  stderr.on('error', () => {});
  stderr.write(`${untrackedLine(verdict)}${validLine(openTerminal(stderr, env), verdict)}`);
  return { isAnswered: true };
}
