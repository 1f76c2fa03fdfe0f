import { watchWorkTree } from '../client/index.ts';
import { createParseCache } from '../compiler/index.ts';
import { checkFolder } from './check-project.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './errors.ts';
import { report as reportError } from './report.ts';
import { paint, printable } from './terminal.ts';
import type { Reporter } from './validate-reporter.ts';

const CLEAR = '\x1b[H\x1b[2J\x1b[3J';

/** `validate --watch`: checks again after each change, until it is interrupted. What goes wrong is told, and the next change waited for. */
export async function watchProject(context: CommandContext, root: string, reporter: Reporter): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const watch = watchWorkTree(root, signal);
  const cache = createParseCache();
  let changed: string | undefined = '';
  while (changed !== undefined) {
    if (stdout.isTerminal) stdout.write(CLEAR);
    else if (changed !== '') stderr.write(`\n${printable(changed)} changed\n`);
    try {
      reporter.report(await checkFolder(root, cache), { offersFix: true });
    } catch (error) {
      // A file that goes away while it is read, a project document that is being replaced: the next change tells more.
      reportError(error, context);
    }
    if (!signal.aborted && reporter.isPretty) stderr.write(`${paint(stderr, 'dim', 'watching, Ctrl-C ends')}\n`);
    changed = await watch.next();
  }
  return EXIT.ok;
}
