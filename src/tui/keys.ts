/** A key by name: `j`, `G`, `enter`, `ctrl-c`, `space`. */
export type KeyName = string;

/** What a key does wherever it is pressed, or in lists and texts. Actions of a place have keys of their own. */
export type Command =
  | 'down'
  | 'up'
  | 'left'
  | 'right'
  | 'pageDown'
  | 'pageUp'
  | 'first'
  | 'last'
  | 'enter'
  | 'back'
  | 'filter'
  | 'palette'
  | 'help'
  | 'sort'
  | 'reverse'
  | 'mark'
  | 'unmark'
  | 'refresh'
  | 'namespace'
  | 'nextMatch'
  | 'previousMatch'
  | 'follow'
  | 'wrap'
  | 'timestamps'
  | 'save'
  | 'pager'
  | 'editor'
  | 'suspend'
  | 'quit';

export interface Binding {
  readonly command: Command;
  readonly keys: readonly KeyName[];
  readonly label: string;
  readonly where: 'everywhere' | 'lists' | 'texts';
}

/** One table: help, the bottom line and the palette are made from it. */
export const BINDINGS: readonly Binding[] = [
  { command: 'down', keys: ['j', 'down', 'ctrl-n'], label: 'down', where: 'everywhere' },
  { command: 'up', keys: ['k', 'up', 'ctrl-p'], label: 'up', where: 'everywhere' },
  { command: 'pageDown', keys: ['pgdn', 'ctrl-f', 'ctrl-d'], label: 'page down', where: 'everywhere' },
  { command: 'pageUp', keys: ['pgup', 'ctrl-b', 'ctrl-u'], label: 'page up', where: 'everywhere' },
  { command: 'first', keys: ['g', 'home'], label: 'first', where: 'everywhere' },
  { command: 'last', keys: ['G', 'end'], label: 'last', where: 'everywhere' },
  { command: 'left', keys: ['h', 'left'], label: 'left', where: 'texts' },
  { command: 'right', keys: ['l', 'right'], label: 'right', where: 'texts' },
  { command: 'enter', keys: ['enter', 'l', 'right'], label: 'open', where: 'lists' },
  { command: 'back', keys: ['esc', 'backspace', 'h', 'left'], label: 'back', where: 'lists' },
  { command: 'back', keys: ['esc', 'backspace'], label: 'back', where: 'texts' },
  { command: 'filter', keys: ['/'], label: 'filter', where: 'lists' },
  { command: 'filter', keys: ['/'], label: 'search', where: 'texts' },
  { command: 'nextMatch', keys: ['n'], label: 'next match', where: 'texts' },
  { command: 'previousMatch', keys: ['N'], label: 'previous match', where: 'texts' },
  { command: 'follow', keys: ['f'], label: 'follow the end', where: 'texts' },
  { command: 'wrap', keys: ['w'], label: 'wrap', where: 'texts' },
  { command: 'timestamps', keys: ['t'], label: 'timestamps', where: 'texts' },
  { command: 'save', keys: ['S'], label: 'save to a file', where: 'texts' },
  { command: 'pager', keys: ['o'], label: 'open in a pager', where: 'texts' },
  { command: 'editor', keys: ['E'], label: 'open a copy in an editor', where: 'texts' },
  { command: 'sort', keys: ['s'], label: 'sort by the next column', where: 'lists' },
  { command: 'reverse', keys: ['I'], label: 'invert the order', where: 'lists' },
  { command: 'mark', keys: ['space'], label: 'mark', where: 'lists' },
  { command: 'unmark', keys: ['u'], label: 'unmark all', where: 'lists' },
  { command: 'palette', keys: [':'], label: 'go to', where: 'everywhere' },
  { command: 'namespace', keys: ['0'], label: 'all namespaces, or one', where: 'everywhere' },
  { command: 'refresh', keys: ['ctrl-r'], label: 'ask again', where: 'everywhere' },
  { command: 'help', keys: ['?'], label: 'help', where: 'everywhere' },
  { command: 'suspend', keys: ['ctrl-z'], label: 'to the shell, back with fg', where: 'everywhere' },
  { command: 'quit', keys: ['q', 'ctrl-c'], label: 'quit', where: 'everywhere' },
];

/** Keys that a config file gives to commands: those instead of the table's. */
export function withKeys(keys: Partial<Readonly<Record<Command, readonly KeyName[]>>>): readonly Binding[] {
  return BINDINGS.map((binding) => ({ ...binding, keys: keys[binding.command] ?? binding.keys }));
}

/** The command of a key in a list or a text. */
export function commandOf(bindings: readonly Binding[], key: KeyName, kind: 'list' | 'text'): Command | undefined {
  const where = kind === 'list' ? 'lists' : 'texts';
  return bindings.find(
    (binding) => (binding.where === where || binding.where === 'everywhere') && binding.keys.includes(key),
  )?.command;
}

/** Ink's view of a key, as far as names need it. */
export interface PressedKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageDown: boolean;
  readonly pageUp: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly ctrl: boolean;
  readonly tab: boolean;
  readonly shift: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly meta: boolean;
}

const NAMED: readonly (readonly [keyof PressedKey, KeyName])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageDown', 'pgdn'],
  ['pageUp', 'pgup'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

/** The keys that one piece of input means: keys that were typed fast arrive together. */
export function keysOf(input: string, pressed: PressedKey): readonly KeyName[] {
  if (pressed.tab) return [pressed.shift ? 'shift-tab' : 'tab'];
  const named = NAMED.find(([field]) => pressed[field]);
  if (named !== undefined) return [named[1]];
  if (pressed.ctrl) return input === '' ? [] : [`ctrl-${input}`];
  if (pressed.meta) return [];
  return [...input].flatMap((character) => {
    if (character === ' ') return ['space'];
    if (character === '\r' || character === '\n') return ['enter'];
    if (character === '\t') return ['tab'];
    return character < ' ' || character === '\x7f' ? [] : [character];
  });
}
