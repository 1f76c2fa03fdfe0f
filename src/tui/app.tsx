import { Box, Text, useInput, usePaste } from 'ink';
import { memo } from 'react';
import { type KeyName, keysOf } from './keys.ts';

export interface AppProps {
  /** Rows of the screen, painted, each no wider than the terminal. */
  readonly lines: readonly string[];
  readonly pressed: (keys: readonly KeyName[]) => void;
  readonly pasted: (text: string) => void;
}

/** The screen as Ink knows it: one text for each row. What stands in the rows is decided before. */
export function App({ lines, pressed, pasted }: AppProps) {
  useInput((input, key) => pressed(keysOf(input, key)));
  usePaste(pasted);
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
