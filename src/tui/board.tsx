import { Box, render, Text, useInput, usePaste } from 'ink';
import { memo } from 'react';
import type { FrameStream } from './frame-stream.ts';
import { keysOf } from './keys.ts';
import type { Event } from './reduce.ts';

/** The screen in Ink's hands: it lays the rows out and reads keys. */
export interface Board {
  /** Rows of the screen, painted, each no wider than the terminal. */
  show(lines: readonly string[]): void;
  close(): void;
}

export interface BoardOptions {
  readonly stream: FrameStream;
  readonly stdin: NodeJS.ReadStream;
  /** The first frame. */
  readonly lines: readonly string[];
  readonly happen: (...events: readonly Event[]) => void;
}

/** Loaded after the first frame: Ink and React take longer to load than all else that is drawn with. */
export function openBoard({ stream, stdin, lines: first, happen }: BoardOptions): Board {
  const app = (lines: readonly string[]) => <App lines={lines} happen={happen} />;
  const instance = render(app(first), {
    stdout: stream as unknown as NodeJS.WriteStream,
    stdin,
    // Ink hands over whole frames, and `frame-writer.ts` writes what differs.
    debug: true,
    interactive: true,
    isScreenReaderEnabled: false,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  return {
    show: (lines) => instance.rerender(app(lines)),
    close: () => instance.unmount(),
  };
}

interface AppProps extends Pick<BoardOptions, 'happen'> {
  readonly lines: readonly string[];
}

/** The screen as Ink knows it: one text for each row. What stands in the rows is decided before. */
function App({ lines, happen }: AppProps) {
  useInput((input, key) => happen(...keysOf(input, key).map((name): Event => ({ kind: 'key', key: name }))));
  usePaste((text) => happen({ kind: 'paste', text }));
  return (
    <Box flexDirection="column">
      {Array.from(lines.keys(), (row) => (
        <Row key={row} line={lines[row] ?? ''} />
      ))}
    </Box>
  );
}

const Row = memo(function Row({ line }: { readonly line: string }) {
  return <Text wrap="truncate">{line === '' ? ' ' : line}</Text>;
});
