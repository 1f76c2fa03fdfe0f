import { VERSION } from '../main/version.ts';
import { COMMANDS, commandSpec } from './commands.ts';
import { fitHelp } from './fit-help.ts';
import { commandHelp, mainHelp } from './help.ts';

/**
 * The text that answers a command line which asks for help or the version; undefined for all others. It needs neither
 * parser, clock, crypto nor signals, so the most common call costs little more than starting Node. `columns` are those
 * of the terminal, if it is one.
 */
export function quickAnswer(argv: readonly string[], columns?: number): string | undefined {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) return `pipectl ${VERSION}\n`;
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const asks = words.includes('--help') || words.includes('-h') || words[0] === 'help';
  if (!asks && argv.length > 0) return undefined;
  const spec = COMMANDS.find(({ name }) => words.includes(name));
  if (spec !== undefined) return fitHelp(commandHelp(spec), columns);
  const [first] = words.filter((word) => !word.startsWith('-') && word !== 'help');
  // `pipectl gte --help` is a wrong command, which the parser tells better.
  const isKnown = first === undefined || commandSpec(first) !== undefined;
  return isKnown ? fitHelp(mainHelp(), columns) : undefined;
}
