import type { Document } from 'yaml';
import type { Diagnostic, Json } from '../base/index.ts';
import { severityOf } from './diagnostics/table.ts';
import type { Path, Place } from './document.ts';
import { collectFindings } from './findings.ts';
import { decodeText, type GateRefusal } from './gate.ts';
import { type SourceText, sourceText, startOfFile } from './source-text.ts';
import { yamlToJson } from './yaml-json.ts';
import { type Mark, marksOfTree } from './yaml-mark.ts';
import { placeOfKey, placeOfValue } from './yaml-place.ts';
import { syntaxFindings } from './yaml-syntax.ts';
import { parseYaml } from './yaml-tree.ts';

/** A YAML document of any schema: its value, and where each part of it stands. */
export interface PlainDocument {
  readonly file: string;
  readonly value: Json;
  /** As of a Definition: `range` is a part of the string value there. */
  readonly placeOf: (path: Path, range?: { readonly start: number; readonly end: number }) => Place;
  readonly placeOfKey: (path: Path) => Place;
}

export interface PlainFile {
  /** Documents that are well-formed and not empty, in the order of the file. */
  readonly documents: readonly PlainDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** YAML that is not a definition of ours, read through the same gate and with the same meaning. Bounded; never throws. */
export function parsePlainYaml(file: { readonly path: string; readonly bytes: Uint8Array }): PlainFile {
  const findings = collectFindings(file.path);
  const refused = ({ code, message, text, start, end, help }: GateRefusal): PlainFile => {
    const atStart = { span: startOfFile(file.path), frame: '' };
    findings.add(code, message, () => (text === '' ? atStart : sourceText(file.path, text).place(start, end)), help);
    return { documents: [], diagnostics: findings.list() };
  };
  const decoded = decodeText(file.bytes);
  if (decoded.kind === 'refused') return refused(decoded);
  const parsed = parseYaml(decoded.text);
  if (parsed.kind === 'refused') return refused(parsed);
  const source = sourceText(file.path, decoded.text);
  const documents: PlainDocument[] = [];
  for (const tree of parsed.documents) {
    const broken = syntaxFindings(tree, source.text);
    for (const { code, message, start, end, help } of broken)
      findings.add(code, message, () => source.place(start, end), help);
    const value = yamlToJson(tree.contents, (code, message, start, end, help) => {
      if (broken.length === 0) findings.add(code, message, () => source.place(start, end), help);
    });
    const isWhole = broken.every(({ code }) => severityOf(code) !== 'error');
    if (isWhole && value !== null) documents.push(plainDocument(source, tree, value));
  }
  return { documents, diagnostics: findings.list() };
}

function plainDocument(source: SourceText, tree: Document.Parsed, value: Json): PlainDocument {
  // Made once, when a place is first asked for: a document may be asked for thousands.
  let marks: Mark | undefined;
  const root = (): Mark => {
    marks ??= marksOfTree(tree);
    return marks;
  };
  return {
    file: source.path,
    value,
    placeOf: (path, range) => placeOfValue(source, root(), path, range),
    placeOfKey: (path) => placeOfKey(source, root(), path),
  };
}
