/**
 * Whether a path fits a pattern of a CODEOWNERS file: as gitignore matches, without `!` and ranges, which that does not
 * have. Undefined for a pattern that fits nothing. A look takes pattern times path at most, whatever stars it has.
 */
export function pathMatcher(pattern: string): ((path: string) => boolean) | undefined {
  if (pattern === '' || pattern.startsWith('!') || pattern.length > MAX_PATTERN) return undefined;
  const isFolder = pattern.endsWith('/');
  const body = pattern.replace(/^\//, '').replace(/\/$/, '');
  const isAnchored = pattern.startsWith('/') || body.includes('/');
  // `docs/*` names the files of that folder alone; anything else also what is below it.
  const isShallow = /(^|[^*])\*$/.test(body) && body.includes('/');
  const steps = stepsOf(isAnchored ? body : `**/${body}`);
  return (path) => {
    const ends = endsOf(steps, path);
    if (isFolder) return ends.some((end) => path[end] === '/');
    return ends.some((end) => end === path.length || (!isShallow && path[end] === '/'));
  };
}

const MAX_PATTERN = 1_000;

/** Steps of a pattern: a character, `?`, `*`, `**`, and `**` with a slash behind it: any number of whole folders. */
function stepsOf(pattern: string): readonly string[] {
  return pattern
    .replace(/\*{3,}/g, '**')
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .flatMap((part) => (/^[*?]/.test(part) ? [part] : part.split('')));
}

/** Where in the path the pattern may end, when it begins at its start. */
function endsOf(steps: readonly string[], path: string): readonly number[] {
  let places = new Uint8Array(path.length + 1);
  places[0] = 1;
  for (const step of steps) places = advance(places, step, path);
  return [...places.keys()].filter((place) => places[place] === 1);
}

function advance(places: Uint8Array, step: string, path: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(places.length);
  let isOpen = false;
  for (let at = 0; at <= path.length; at += 1) {
    const isHere = places[at] === 1;
    switch (step) {
      case '**':
        isOpen ||= isHere;
        if (isOpen) next[at] = 1;
        break;
      case '**/':
        // At once, or behind any slash that follows.
        if (isHere || (isOpen && path[at - 1] === '/')) next[at] = 1;
        isOpen ||= isHere;
        break;
      case '*':
        isOpen = isHere || (isOpen && path[at - 1] !== '/');
        if (isOpen) next[at] = 1;
        break;
      default: {
        const isFit = step === '?' ? path[at] !== '/' : path[at] === step;
        if (isHere && at < path.length && isFit) next[at + 1] = 1;
      }
    }
  }
  return next;
}
