import { readFileSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { MAX_ENVIRONMENT_ENTRY_BYTES } from '../base/index.ts';
import type { CommandContext } from './context.ts';
import { UsageError } from './errors.ts';
import { printable } from './terminal.ts';

/** No task could be given a longer one. */
const MAX_BYTES = MAX_ENVIRONMENT_ENTRY_BYTES;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = ['\u007f', '\b'];

/**
 * The value of a secret: a file's bytes as they are; else stdin without the line end behind it; else what a person types,
 * which is not shown. Never a word of the command line: that stands in the shell's history and in the process table.
 */
export async function readSecretValue(context: CommandContext, file: string | undefined): Promise<Buffer> {
  if (file !== undefined) return checked(fileBytes(context, file));
  const typed = process.stdin.isTTY === true ? await askFor(context) : withoutLineEnd(stdinBytes());
  return checked(typed);
}

function fileBytes({ cwd }: CommandContext, file: string): Buffer {
  try {
    return readFileSync(resolve(cwd, file));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UsageError(`cannot read ${printable(file)} (${reason})`, 'name a file with the value');
  }
}

function stdinBytes(): Buffer {
  const bytes = Buffer.alloc(MAX_BYTES + 3);
  for (let size = 0; ; ) {
    const read = readSync(0, bytes, size, bytes.length - size, null);
    size += read;
    if (read === 0 || size === bytes.length) return bytes.subarray(0, size);
  }
}

function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 10) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1);
}

function checked(bytes: Buffer): Buffer {
  if (bytes.length === 0) throw new UsageError('the value is empty', 'pipe it into the command, or --from-file FILE');
  if (bytes.length <= MAX_BYTES) return bytes;
  throw new UsageError(`the value has more than ${MAX_BYTES} bytes`, 'no environment variable could hold it');
}

/** One line from the terminal, without echo. */
function askFor({ stderr, signal }: CommandContext): Promise<Buffer> {
  const { stdin } = process;
  stderr.write('Value (not shown): ');
  return new Promise((done, refuse) => {
    let typed = '';
    const end = (): void => {
      stdin.off('data', hear);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
    };
    const hear = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === CTRL_C) {
          end();
          refuse(signal.reason ?? new DOMException('interrupted', 'AbortError'));
          return;
        }
        if (character === '\r' || character === '\n' || character === CTRL_D) {
          end();
          done(Buffer.from(typed));
          return;
        }
        typed = BACKSPACE.includes(character) ? [...typed].slice(0, -1).join('') : typed + character;
      }
    };
    stdin.setRawMode(true);
    stdin.on('data', hear);
    stdin.resume();
  });
}
