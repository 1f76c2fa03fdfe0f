import {
  type Diagnostic,
  isJsonObject,
  type Json,
  type JsonObject,
  MAX_ANNOTATIONS_BYTES,
  MAX_FILE_DIAGNOSTICS,
} from '../base/index.ts';
import { severityOf } from './diagnostics/table.ts';
import type { BrokenDefinition, Definition, DefinitionKind, Path, Place } from './document.ts';
import { collectFindings, type Findings } from './findings.ts';
import { decodeText, type GateRefusal } from './gate.ts';
import { type Ignore, ignoresOf } from './ignores.ts';
import { maskPlace } from './mask-place.ts';
import { readPolicy } from './read/policy.ts';
import { type Open, type Reader, textsOf } from './read/reader.ts';
import { readSchedule } from './read/schedule.ts';
import { readLaunchPlan, readPlatform, readProject, readTask } from './read/specs.ts';
import { texts } from './read/texts.ts';
import { readWorkflow } from './read/workflow.ts';
import { DEFINITION_KINDS } from './schema/kinds.ts';
import { type SourceText, sourceText, startOfFile } from './source-text.ts';
import { didYouMean } from './suggest.ts';
import { isDefinitionKind, validateDocument } from './validate.ts';
import { type Content, contentsOf } from './yaml-contents.ts';
import { yamlToJson } from './yaml-json.ts';
import type { Mark } from './yaml-mark.ts';
import { markOf } from './yaml-marks.ts';
import { placeOfKey, placeOfValue } from './yaml-place.ts';
import { syntaxFindings } from './yaml-syntax.ts';

const API_VERSION = 'pipectl.dev/v1';

export interface ParsedFile {
  /** Valid documents, in the order of the file. */
  readonly documents: readonly Definition[];
  /** Documents with errors whose kind and name could be read. */
  readonly broken: readonly BrokenDefinition[];
  readonly diagnostics: readonly Diagnostic[];
  /** As decoded; empty when it was refused. */
  readonly text: string;
  /** Its `# pipectl: ignore` comments; they are not yet applied. */
  readonly ignores: readonly Ignore[];
}

/**
 * A definitions file → its documents, or what is wrong with it: all findings of all documents at once. Bounded in
 * time and memory for any bytes; never throws. The result holds the text, not the syntax tree: that is made again
 * when a place is first asked for.
 */
export function parseDefinitions(file: { readonly path: string; readonly bytes: Uint8Array }): ParsedFile {
  const findings = collectFindings(file.path);
  const decoded = decodeText(file.bytes);
  if (decoded.kind === 'refused') return refusedFile(file.path, findings, decoded);
  const source = sourceText(file.path, decoded.text);
  const read = contentsOf(source.text);
  if (read.kind === 'refused') return refusedFile(file.path, findings, read);
  return readDocuments(source, findings, read.contents);
}

function readDocuments(source: SourceText, findings: Findings, contents: readonly Content[]): ParsedFile {
  const documents: Definition[] = [];
  const broken: BrokenDefinition[] = [];
  let hasVersion = false;
  contents.forEach((content, index) => {
    // Asked for later, a place comes from marks made again: definitions must not keep a tree.
    const places = placesOf(source, () => markOf(source, index));
    const read = readDocument({ source, findings, content, hasVersion, places });
    hasVersion ||= read.hasVersion;
    if (read.definition?.kind === 'broken') broken.push(read.definition.value);
    else if (read.definition !== undefined) documents.push(read.definition.value);
  });
  return { documents, broken, diagnostics: findings.list(), text: source.text, ignores: ignoresOf(source) };
}

function refusedFile(path: string, findings: Findings, refused: GateRefusal): ParsedFile {
  const place = (): Place =>
    refused.text === ''
      ? { span: startOfFile(path), frame: '' }
      : sourceText(path, refused.text).place(refused.start, refused.end);
  findings.add(refused.code, refused.message, place, refused.help);
  return { documents: [], broken: [], diagnostics: findings.list(), text: '', ignores: [] };
}

type Places = Pick<Definition, 'placeOf' | 'placeOfKey' | 'declaredAt'>;

function placesOf(source: SourceText, mark: () => Mark): Places {
  return {
    placeOf: (path, range) => placeOfValue(source, mark(), path, range),
    placeOfKey: (path) => placeOfKey(source, mark(), path),
    declaredAt: () => placeOfValue(source, mark(), ['metadata', 'name']),
  };
}

interface DocumentContext {
  readonly source: SourceText;
  readonly findings: Findings;
  readonly content: Content;
  /** Whether a document before has said its apiVersion. */
  readonly hasVersion: boolean;
  readonly places: Places;
}

interface ReadDocument {
  readonly hasVersion: boolean;
  readonly definition?:
    | { readonly kind: 'valid'; readonly value: Definition }
    | { readonly kind: 'broken'; readonly value: BrokenDefinition };
}

function readDocument(context: DocumentContext): ReadDocument {
  const { source, findings, content, hasVersion, places } = context;
  let isValid = true;
  // Where the text itself is wrong, what follows from that would only say it again in other words.
  const brokenPlaces = new Set<string>();
  const tell: TellPlace = (code, message, place, help) => {
    if (severityOf(code) === 'error') isValid = false;
    if (brokenPlaces.size > 0 && brokenPlaces.has(placeKey(place()))) return;
    findings.add(code, message, place, help);
  };
  const { json, isSyntaxValid } = readContent(source, content, tell, brokenPlaces);
  if (json === null && isValid) return { hasVersion };
  const broken = (): ReadDocument => brokenDocument(source, json, hasVersion, places);
  if (!isSyntaxValid) return broken();
  if (!isJsonObject(json)) {
    tell('PIPE-SCHEMA-001', 'a definition is a map with apiVersion, kind, metadata and spec', () =>
      placeOfValue(source, content.mark(), []),
    );
    return { hasVersion };
  }
  const kind = readKind(json, context, tell);
  if (kind === undefined || findings.isFull()) return broken();
  const definition = readDefinition(kind, json, context, tell);
  const says = json.apiVersion !== undefined || hasVersion;
  return isValid && definition !== undefined
    ? { hasVersion: says, definition: { kind: 'valid', value: definition } }
    : broken();
}

/** The value of a document; all that is wrong with the text is told, and noted in `brokenPlaces` where it may echo. */
function readContent(
  source: SourceText,
  content: Content,
  tell: TellPlace,
  brokenPlaces: Set<string>,
): { readonly json: Json; readonly isSyntaxValid: boolean } {
  if (content.kind === 'value') return { json: content.value, isSyntaxValid: true };
  if (content.kind === 'unread') {
    for (const { code, message, start, end, help } of content.findings)
      tell(code, message, () => source.place(start, end), help);
    return { json: content.value, isSyntaxValid: false };
  }
  const { tree, text, offset } = content;
  const brokenLines = new Set<number>();
  let isSyntaxValid = true;
  for (const { code, message, start, end, help } of syntaxFindings(tree, text)) {
    const place = source.place(start + offset, end + offset);
    brokenLines.add(place.span.line);
    if (severityOf(code) === 'error') isSyntaxValid = false;
    tell(code, message, () => place, help);
  }
  const json = yamlToJson(tree.contents, (code, message, start, end, help) => {
    const place = source.place(start + offset, end + offset);
    if (brokenLines.has(place.span.line)) return;
    tell(code, message, () => place, help);
    brokenPlaces.add(placeKey(place));
  });
  return { json, isSyntaxValid };
}

function brokenDocument(source: SourceText, json: Json, hadVersion: boolean, places: Places): ReadDocument {
  const hasVersion = hadVersion || (isJsonObject(json) && json.apiVersion !== undefined);
  if (!isJsonObject(json) || !isJsonObject(json.metadata)) return { hasVersion };
  const { kind } = json;
  const { name } = json.metadata;
  if (typeof kind !== 'string' || typeof name !== 'string') return { hasVersion };
  const value: BrokenDefinition = { kind, name, file: source.path, declaredAt: places.declaredAt };
  return { hasVersion, definition: { kind: 'broken', value } };
}

function placeKey({ span }: Place): string {
  return `${span.line}:${span.column}`;
}

type TellPlace = (code: string, message: string, place: () => Place, help?: string) => void;

/** Checks apiVersion and kind; the kind when it is one of ours. */
function readKind(
  json: JsonObject,
  { source, content, hasVersion }: DocumentContext,
  tell: TellPlace,
): DefinitionKind | undefined {
  const at = (path: Path) => (): Place => placeOfValue(source, content.mark(), path);
  const start = (): Place => source.place(content.mark().start, content.mark().start + 1);
  if (json.apiVersion === undefined && !hasVersion) {
    tell(
      'PIPE-SCHEMA-002',
      'the document does not say its apiVersion',
      start,
      `begin it with apiVersion: ${API_VERSION}`,
    );
  } else if (json.apiVersion !== undefined && json.apiVersion !== API_VERSION) {
    tell('PIPE-SCHEMA-002', `this apiVersion is not known`, at(['apiVersion']), `write apiVersion: ${API_VERSION}`);
  }
  const { kind } = json;
  const kinds = `the kinds are ${DEFINITION_KINDS.join(', ')}`;
  if (kind === undefined) {
    tell('PIPE-SCHEMA-003', 'the document does not say its kind', start, kinds);
    return undefined;
  }
  if (typeof kind === 'string' && isDefinitionKind(kind)) return kind;
  const help = typeof kind === 'string' ? (didYouMean(kind, DEFINITION_KINDS) ?? kinds) : kinds;
  tell(
    'PIPE-SCHEMA-003',
    typeof kind === 'string' ? `there is no kind "${kind.slice(0, 60)}"` : 'the kind is not text',
    at(['kind']),
    help,
  );
  return undefined;
}

function readDefinition(
  kind: DefinitionKind,
  json: JsonObject,
  { source, content, places }: DocumentContext,
  tell: TellPlace,
): Definition | undefined {
  const valueAt = (path: Path, range?: { readonly start: number; readonly end: number }): Place =>
    placeOfValue(source, content.mark(), path, range);
  const keyAt = (path: Path): Place => placeOfKey(source, content.mark(), path);
  let isOversized = false;
  for (const problem of validateDocument(kind, withoutVersion(json), MAX_FILE_DIAGNOSTICS + 1)) {
    if (problem.code === TOO_MANY) isOversized = true;
    const place = (): Place => (problem.isKey ? keyAt(problem.path) : valueAt(problem.path));
    const shown = problem.isSecret === true ? () => maskPlace(place()) : place;
    tell(problem.code, problem.message, shown, problem.help);
  }
  const reader: Reader = {
    tell: (code, message, path, more) =>
      tell(code, message, () => (more?.isKey ? keyAt(path) : valueAt(path, more?.range)), more?.help),
  };
  const metadata = isJsonObject(json.metadata) ? json.metadata : undefined;
  const spec = isJsonObject(json.spec) ? json.spec : undefined;
  checkAnnotations(reader, metadata?.annotations);
  if (isOversized || spec === undefined || metadata === undefined) return undefined;
  const definition: Open<Definition> = {
    kind,
    name: typeof metadata.name === 'string' ? metadata.name : '',
    file: source.path,
    labels: texts(metadata.labels),
    annotations: texts(metadata.annotations),
    spec: undefined as never,
    placeOf: places.placeOf,
    placeOfKey: places.placeOfKey,
    declaredAt: places.declaredAt,
  };
  if (metadata.domains !== undefined) definition.domains = readDomains(reader, kind, metadata.domains);
  if (typeof metadata.description === 'string') definition.description = metadata.description;
  definition.spec = specOf(kind, spec, reader);
  return definition as Definition;
}

/** A list or a map with more parts than it may have: to look at each of them is not worth the time. */
const TOO_MANY = 'PIPE-SCHEMA-011';

/** Another apiVersion has been told already. */
function withoutVersion(json: JsonObject): JsonObject {
  if (json.apiVersion === API_VERSION || json.apiVersion === undefined) return json;
  const { apiVersion: _, ...rest } = json;
  return rest;
}

function specOf(kind: DefinitionKind, spec: JsonObject, reader: Reader): Definition['spec'] {
  switch (kind) {
    case 'Project':
      return readProject(reader, spec);
    case 'Task':
      return readTask(reader, spec);
    case 'Workflow':
      return readWorkflow(reader, spec);
    case 'LaunchPlan':
      return readLaunchPlan(reader, spec);
    case 'Schedule':
      return readSchedule(reader, spec);
    case 'Platform':
      return readPlatform(reader, spec);
    case 'Policy':
      return readPolicy(reader, spec);
  }
}

/** Kinds whose definitions may differ by domain: code is the same everywhere, and rules hold for all. */
const KINDS_BY_DOMAIN: ReadonlySet<DefinitionKind> = new Set(['LaunchPlan', 'Schedule', 'Platform']);

function readDomains(reader: Reader, kind: DefinitionKind, domains: Json): readonly string[] {
  if (!KINDS_BY_DOMAIN.has(kind)) {
    const help =
      kind === 'Task' || kind === 'Workflow'
        ? 'give it an input, and launch plans of different domains that set it otherwise'
        : 'only a LaunchPlan, a Schedule or a Platform may have "domains"';
    reader.tell('PIPE-DOMAIN-002', `a ${kind} is the same in every domain`, ['metadata', 'domains'], {
      isKey: true,
      help,
    });
  }
  return textsOf(domains);
}

function checkAnnotations(reader: Reader, annotations: Json | undefined): void {
  if (annotations === undefined) return;
  const encoder = new TextEncoder();
  let size = 0;
  for (const [key, value] of Object.entries(texts(annotations))) size += encoder.encode(key + value).length;
  if (size <= MAX_ANNOTATIONS_BYTES) return;
  reader.tell(
    'PIPE-VALUE-009',
    `the annotations have ${size} bytes, more than ${MAX_ANNOTATIONS_BYTES}`,
    ['metadata', 'annotations'],
    { isKey: true },
  );
}
