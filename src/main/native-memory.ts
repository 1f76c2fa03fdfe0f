import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What a process can do about its memory that JavaScript cannot. */
export interface NativeMemory {
  /** Gives free pages of the C heap back to the system, in the middle of it too. */
  trimHeap(): void;
  /**
   * Lets go of the mapped pages of programs and libraries. Most were needed by the start alone; what is still needed
   * comes back from the page cache, 64 KB at a touch.
   */
  dropFilePages(): void;
}

/** Of <sys/mman.h>. */
const MADV_DONTNEED = 4;

/** Through Node's foreign-function interface; undefined where that or the C library's call is missing. */
export function openNativeMemory(): NativeMemory | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return quietly(open);
  } catch {
    // Before Node 26.1, or a C library without malloc_trim (musl).
    return undefined;
  }
}

function open(): NativeMemory {
  const ffi = createRequire(import.meta.url)('node:ffi') as typeof import('node:ffi');
  const libc = ffi.dlopen(null, {
    malloc_trim: { arguments: ['u64'], return: 'i32' },
    madvise: { arguments: ['u64', 'u64', 'i32'], return: 'i32' },
  }).functions;
  return {
    trimHeap: () => void libc.malloc_trim(0n),
    dropFilePages() {
      for (const { start, end } of cleanFileMappings(readFileSync('/proc/self/smaps', 'latin1'))) {
        libc.madvise(start, end - start, MADV_DONTNEED);
      }
    },
  };
}

interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Mappings of files, in the form of proc_pid_smaps(5), that cannot be written and of which no page differs from the
 * file: letting go of any other would lose what the loader wrote there.
 */
export function cleanFileMappings(smaps: string): readonly Mapping[] {
  const clean: Mapping[] = [];
  let mapping: Mapping | undefined;
  for (const line of smaps.split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/.exec(line);
    if (head !== null) {
      const [, start, end, mode = '', file = ''] = head;
      const isReadOnly = mode[0] === 'r' && mode[1] === '-' && mode[3] === 'p' && file.startsWith('/');
      mapping = isReadOnly ? { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) } : undefined;
    } else if (mapping !== undefined && /^Anonymous: +0 kB$/.test(line)) clean.push(mapping);
  }
  return clean;
}

/** Runs work without Node's warning that this interface is experimental: who runs a daemon can do nothing about it. */
function quietly<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
