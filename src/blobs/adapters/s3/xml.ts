/** The texts of all elements of a name, in their order, entities decoded. Answers of S3 nest no element in one of its own name. */
export function textsOf(xml: string, name: string): readonly string[] {
  return blocksOf(xml, name).map(decoded);
}

export function textOf(xml: string, name: string): string | undefined {
  return textsOf(xml, name)[0];
}

/** What stands between the tags, as it is. */
export function blocksOf(xml: string, name: string): readonly string[] {
  const blocks: string[] = [];
  const close = `</${name}>`;
  for (let at = 0; ; ) {
    const start = startOf(xml, name, at);
    if (start < 0) return blocks;
    const open = xml.indexOf('>', start);
    const end = open < 0 ? -1 : xml.indexOf(close, open);
    if (end < 0) return blocks;
    blocks.push(xml.slice(open + 1, end));
    at = end + close.length;
  }
}

/** `<Code>` or `<Code xmlns="…">`, and not `<CodeName>`. */
function startOf(xml: string, name: string, from: number): number {
  for (let at = from; ; at++) {
    at = xml.indexOf(`<${name}`, at);
    if (at < 0 || /[\s>]/.test(xml.charAt(at + name.length + 1))) return at;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (whole, hex, digits, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = Number.parseInt(hex ?? digits, hex === undefined ? 10 : 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

export function escapedText(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
