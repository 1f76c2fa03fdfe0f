/**
 * Prints the screen of `pipectl tui` as text with colours, while a demo is kept up in DIR (`pipectl demo --keep --dir DIR`).
 * The picture in the README: node scripts/tui-screen.ts DIR/data | node scripts/terminal-picture.ts >docs/tui.svg
 */
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

const COLUMNS = 112;
const ROWS = 24;
/** Opens the last execution of the list that ended, and looks at its third node. */
const KEYS = ['G', '\r', 'jj'];
const DEADLINE_MS = 60_000;

const [data] = process.argv.slice(2);
if (data === undefined) {
  process.stderr.write('node scripts/tui-screen.ts DATA_FOLDER\n');
  process.exit(2);
}
const terminal = new headless.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
const program = spawn(process.execPath, [resolve(import.meta.dirname, '../bin/pipectl.js'), '--data', data, 'tui'], {
  cols: COLUMNS,
  rows: ROWS,
  cwd: '/',
  env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TERM: 'xterm-256color' },
});
program.onData((text) => terminal.write(text));
await shows('● connected');
for (const keys of KEYS) {
  program.write(keys);
  await pause(500);
}
await shows('nodes');
process.stdout.write(`$ pipectl tui\n\n${screen().join('\n')}\n`);
program.write('q');
program.onExit(() => process.exit(0));

async function shows(text: string): Promise<void> {
  const until = Date.now() + DEADLINE_MS;
  while (!screen().join('\n').includes(text)) {
    if (Date.now() > until) throw new Error(`no "${text}" on the screen:\n${screen().join('\n')}`);
    await pause(100);
  }
}

/** Rows of the screen, each run of one look between its code and a reset. */
function screen(): string[] {
  return Array.from({ length: ROWS }, (_, row) => {
    const line = terminal.buffer.active.getLine(row);
    let text = '';
    let look = '';
    for (let column = 0; column < COLUMNS; column++) {
      const cell = line?.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const next = cell.isInverse()
        ? '7'
        : cell.isFgPalette()
          ? String(30 + (cell.getFgColor() % 8))
          : cell.isBold()
            ? '1'
            : cell.isDim()
              ? '2'
              : '';
      if (next !== look) text += `${look === '' ? '' : '\x1b[0m'}${next === '' ? '' : `\x1b[${next}m`}`;
      look = next;
      text += cell.getChars() || ' ';
    }
    return look === '' ? text.trimEnd() : `${text}\x1b[0m`;
  });
}
