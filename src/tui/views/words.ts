/** Tells whether all words of a text are in some of the cells, and none that is written `!word`. */
export function textMatcher(text: string): (cells: readonly string[]) => boolean {
  const words = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (cells) =>
    words.every((word) => {
      const sought = word.startsWith('!') && word.length > 1 ? word.slice(1) : word;
      return cells.some((cell) => cell.toLowerCase().includes(sought)) === (sought === word);
    });
}
