/**
 * Whether a pattern names a ref. A pattern that begins with `refs/` is of whole names, any other of branches: `main`,
 * `release/*`, `refs/tags/v*`. `*` stands for any text, slashes too, as in git's refspecs and GitLab's protected
 * branches; nothing else is special. Takes time linear in the ref for each `*`.
 */
export function matchesRef(pattern: string, ref: string): boolean {
  const whole = pattern.startsWith('refs/') ? pattern : `refs/heads/${pattern}`;
  const [first = '', ...rest] = whole.split('*');
  if (rest.length === 0) return ref === whole;
  const last = rest.pop() ?? '';
  if (!ref.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = ref.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return ref.length - last.length >= at && ref.endsWith(last);
}

/** Whether any of the patterns names the ref. */
export function matchesAnyRef(patterns: readonly string[], ref: string): boolean {
  return patterns.some((pattern) => matchesRef(pattern, ref));
}
