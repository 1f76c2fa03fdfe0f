/**
 * A comment as a page that looks as GitHub shows it: for pictures in the documentation. It understands what our own comments
 * are made of, and no more: headings, tables, blocks of code, folded parts, bold text and inline HTML of ours.
 *
 * The picture of action/README.md: npm run demo:action -- --page comment.html, and then
 * chromium --headless --hide-scrollbars --window-size=912,1750 --screenshot=docs/review-comment.png comment.html
 */
export function commentPage(markdown: string, { isDark }: { readonly isDark: boolean }): string {
  const head = '<div class="head"><b>github-actions</b> <span class="bot">bot</span> commented now</div>';
  const body = `<div class="comment">${head}<div class="body">${htmlOf(markdown)}</div></div>`;
  return `<!doctype html><meta charset="utf-8"><title>Review</title><style>${STYLE}</style><body class="${isDark ? 'dark' : 'light'}">${body}</body>\n`;
}

function htmlOf(markdown: string): string {
  const parts: string[] = [];
  const lines = markdown.replace(/<!--[\s\S]*?-->\n?/g, '').split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as string;
    const fence = /^(`{3,})(\w*)$/.exec(line);
    if (fence !== null) {
      const end = lines.indexOf(fence[1] as string, at + 1);
      parts.push(block(lines.slice(at + 1, end), fence[2] ?? ''));
      at = end + 1;
    } else if (line.startsWith('|')) {
      const end = lines.findIndex((other, index) => index > at && !other.startsWith('|'));
      parts.push(table(lines.slice(at, end === -1 ? lines.length : end)));
      at = end === -1 ? lines.length : end;
    } else {
      parts.push(plain(line));
      at += 1;
    }
  }
  return parts.join('\n');
}

function plain(line: string): string {
  const heading = /^(#+) (.*)$/.exec(line);
  if (heading !== null) return `<h3>${inline(heading[2] as string)}</h3>`;
  if (line.startsWith('- ')) return `<li>${inline(line.slice(2))}</li>`;
  if (line.trim() === '' || line.startsWith('<details>') || line === '</details>') {
    return line.startsWith('<details>') && OPEN.test(line)
      ? inline(line.replace('<details>', '<details open>'))
      : inline(line);
  }
  return `<p>${inline(line)}</p>`;
}

/** Folded parts that a picture shows open. */
const OPEN = /<code>demand<\/code>: next|Interfaces:/;

function inline(text: string): string {
  return text
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/\[([^\]]+)\]\((https?:[^)]+)\)/g, '<a href="$2">$1</a>')
    .replace(/\*([^*]+)\*/g, '<i>$1</i>');
}

function table([head = '', , ...rows]: readonly string[]): string {
  const cells = (line: string): readonly string[] => line.replace(/^\| | \|$/g, '').split(' | ');
  const row = (line: string, tag: string): string =>
    `<tr>${cells(line)
      .map((cell) => `<${tag}>${inline(cell)}</${tag}>`)
      .join('')}</tr>`;
  return `<table>${row(head, 'th')}${rows.map((line) => row(line, 'td')).join('')}</table>`;
}

function block(lines: readonly string[], language: string): string {
  const escaped = lines.map((line) => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
  const kinds: Readonly<Record<string, string>> = { '+': 'add', '-': 'del', '!': 'mod' };
  const shown =
    language === 'diff'
      ? escaped.map((line) => `<span class="${kinds[line.charAt(0)] ?? ''}">${line}</span>`)
      : escaped;
  return `<pre>${shown.join('\n')}</pre>`;
}

const STYLE = `
body { margin: 0; padding: 16px; width: 880px; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, "Liberation Sans", Arial, sans-serif; }
.light { --fg: #1f2328; --soft: #59636e; --bg: #fff; --line: #d1d9e0; --head: #f6f8fa; --code: #818b981f; --row: #f6f8fa; --add: #dafbe1; --del: #ffebe9; --mod: #fff8c5; }
.dark { --fg: #f0f6fc; --soft: #9198a1; --bg: #0d1117; --line: #3d444d; --head: #151b23; --code: #656c7633; --row: #151b23; --add: #033a16; --del: #67060c; --mod: #3b2300; }
body { color: var(--fg); background: var(--bg); }
.comment { border: 1px solid var(--line); border-radius: 6px; }
.head { padding: 8px 16px; background: var(--head); border-bottom: 1px solid var(--line); border-radius: 6px 6px 0 0; color: var(--soft); }
.head b { color: var(--fg); }
.bot { border: 1px solid var(--line); border-radius: 2em; padding: 0 7px; font-size: 12px; }
.body { padding: 16px; }
h3 { font-size: 1.25em; font-weight: 600; margin: 0 0 16px; line-height: 1.25; }
p, table, pre, details { margin: 0 0 16px; }
details { margin-bottom: 8px; }
details > :not(summary):first-of-type { margin-top: 8px; }
details > p, details > table, details > pre { margin-top: 8px; }
summary { cursor: pointer; }
li { margin-left: 20px; }
code, pre { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 85%; }
code { background: var(--code); border-radius: 6px; padding: .2em .4em; white-space: break-spaces; }
pre { background: var(--head); border-radius: 6px; padding: 16px; overflow: hidden; line-height: 1.45; }
pre span { display: inline-block; width: 100%; }
.add { background: var(--add); } .del { background: var(--del); } .mod { background: var(--mod); }
table { border-collapse: collapse; display: block; }
th, td { border: 1px solid var(--line); padding: 6px 13px; vertical-align: top; text-align: left; }
th { font-weight: 600; }
tr:nth-child(2n + 1) td { background: var(--row); }
sub { color: inherit; font-size: 75%; vertical-align: baseline; position: relative; bottom: -.25em; }
`;
