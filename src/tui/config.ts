import { isJsonObject } from '../base/index.ts';
import { BINDINGS, type Command, type KeyName } from './keys.ts';
import type { Tone } from './line.ts';
import { colorCode } from './theme.ts';

/** What a person chose for good: colours of tones, keys of commands. */
export interface TuiConfig {
  readonly colors: Partial<Readonly<Record<Tone, string>>>;
  readonly keys: Partial<Readonly<Record<Command, readonly KeyName[]>>>;
  /** Tells what is new as lines, for screen readers. */
  readonly isSpoken: boolean;
  /** What could not be used of the file, as sentences. */
  readonly problems: readonly string[];
}

export const NO_CONFIG: TuiConfig = { colors: {}, keys: {}, isSpoken: false, problems: [] };

const TONES: ReadonlySet<string> = new Set<Tone>([
  'dim',
  'strong',
  'good',
  'bad',
  'warn',
  'busy',
  'odd',
  'title',
  'key',
  'match',
  'selected',
]);

/** Reads a config that was parsed from YAML: `colors` by tone, `keys` by command and `screenReader`. What is not usable is told and left out. */
export function readConfig(value: unknown): TuiConfig {
  if (!isJsonObject(value)) return { ...NO_CONFIG, problems: value === null ? [] : ['the file is not a map'] };
  const problems: string[] = [];
  const colors: Partial<Record<Tone, string>> = {};
  const keys: Partial<Record<Command, readonly KeyName[]>> = {};
  for (const [tone, color] of Object.entries(isJsonObject(value.colors) ? value.colors : {})) {
    if (!TONES.has(tone)) problems.push(`colors: there is no tone "${tone}"`);
    else if (typeof color !== 'string' || colorCode(color, 'true') === undefined)
      problems.push(`colors: ${tone} has no colour that is one`);
    else colors[tone as Tone] = color;
  }
  const commands = new Set<string>(BINDINGS.map(({ command }) => command));
  for (const [command, given] of Object.entries(isJsonObject(value.keys) ? value.keys : {})) {
    const names = (Array.isArray(given) ? given : [given]).filter((name): name is string => typeof name === 'string');
    if (!commands.has(command)) problems.push(`keys: there is no command "${command}"`);
    else if (names.length === 0) problems.push(`keys: ${command} has no key`);
    else keys[command as Command] = names;
  }
  for (const field of Object.keys(value)) {
    if (!SETTINGS.has(field)) problems.push(`there is no setting "${field}"`);
  }
  const { screenReader = false } = value;
  if (typeof screenReader !== 'boolean') problems.push('screenReader: true or false');
  return { colors, keys, isSpoken: screenReader === true, problems };
}

const SETTINGS: ReadonlySet<string> = new Set(['colors', 'keys', 'screenReader']);
