import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanFileMappings, openNativeMemory } from '../../src/main/native-memory.ts';

const SMAPS = `00400000-0082e000 r--p 00000000 fe:00 11 /usr/bin/node
Rss:                4280 kB
Anonymous:             0 kB
0082e000-0348a000 r-xp 0042e000 fe:00 11                         /usr/bin/node
Rss:               32000 kB
Anonymous:             0 kB
0748a000-07500000 r--p 0712e000 fe:00 11                         /usr/bin/node
Rss:                 200 kB
Anonymous:            64 kB
07500000-07600000 rw-p 07200000 fe:00 11                         /usr/bin/node
Anonymous:             0 kB
7f0000000000-7f0000100000 r--s 00000000 fe:00 12                 /var/lib/store-shm
Anonymous:             0 kB
7f0000200000-7f0000300000 r--p 00000000 00:00 0
Anonymous:             0 kB
7f0000400000-7f0000500000 r-xp 00000000 00:00 0                  [vdso]
Anonymous:             0 kB
`;

describe('memory outside of the JavaScript heap', () => {
  it('lets go of private, unwritable mappings of files that nobody wrote to, and of no other', () => {
    expect(cleanFileMappings(SMAPS)).toEqual([
      { start: 0x00400000n, end: 0x0082e000n },
      { start: 0x0082e000n, end: 0x0348a000n },
    ]);
    expect(cleanFileMappings('')).toEqual([]);
  });

  it.runIf(openNativeMemory() !== undefined)('gives pages back, and the process goes on', () => {
    const before = mappedFileKb();
    const native = openNativeMemory();
    native?.trimHeap();
    native?.dropFilePages();
    expect(mappedFileKb()).toBeLessThan(before / 2);
    expect(JSON.parse(JSON.stringify({ a: [1, 'x'.repeat(100_000).length] }))).toEqual({ a: [1, 100_000] });
  });
});

function mappedFileKb(): number {
  return Number(/^RssFile:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
