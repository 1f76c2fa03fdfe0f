import type { Json } from '../base/index.ts';
import { joinTypes, typeTemplate } from '../language/expression/index.ts';
import { type Definition, type DefinitionOf, JSON_TYPE, printType, type Type } from '../language/index.ts';
import type { ProjectSettings } from './contract.ts';
import type { Tell } from './findings.ts';
import { parsedFile } from './parse-cache.ts';
import { PROJECT_FILE } from './paths.ts';
import type { Workspace } from './workspace.ts';

/** Checks what a project says of its domains. False when something is wrong, which is told. */
export function checkDomains(tell: Tell, project: DefinitionOf<'Project'>): boolean {
  const areRefs = [...project.spec.domains].map(([domain, { ref }]) => checkRef(tell, project, domain, ref));
  return checkTypes(tell, project) && !areRefs.includes(false);
}

/** What `git check-ref-format` refuses in the name of a branch; `*` makes it a pattern. */
const NO_BRANCH = /^[-/]|\/\/|\.\.|@\{|[\s~^:?[\\]|\/$|\.$|(?:^|\/)\.|\.lock(?:\/|$)|^@$/;

function checkRef(tell: Tell, project: DefinitionOf<'Project'>, domain: string, ref: string): boolean {
  const isFull = ref.startsWith('refs/');
  if (!isFull && !NO_BRANCH.test(ref)) return true;
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  const help =
    branch === undefined
      ? 'a domain tracks a branch, as main or release/v2, or registers those of a pattern, as feature/* or *'
      : `write ${branch}`;
  tell('PIPE-DOMAIN-008', `"${ref}" is no name of a branch`, project.placeOf(['spec', 'domains', domain, 'ref']), {
    help,
  });
  return false;
}

/** One name is of one type in all domains. */
function checkTypes(tell: Tell, project: DefinitionOf<'Project'>): boolean {
  const seen = new Map<string, { readonly domain: string; readonly type: Type; readonly value: Json }>();
  let areAlike = true;
  for (const [domain, { values }] of project.spec.domains) {
    for (const [name, value] of values) {
      const type = typeOfValue(value);
      const first = seen.get(name);
      const joined = first === undefined ? type : joinedType(first, { type, value });
      if (joined !== undefined) {
        seen.set(name, { domain: first?.domain ?? domain, type: joined, value: first?.value ?? value });
        continue;
      }
      areAlike = false;
      const { domain: other, type: otherType } = first as NonNullable<typeof first>;
      const message = `domain.values.${name} is ${printType(type)} in ${domain} and ${printType(otherType)} in ${other}`;
      const related = [{ message: `in ${other}`, ...project.placeOf(['spec', 'domains', other, 'values', name]) }];
      const place = project.placeOf(['spec', 'domains', domain, 'values', name]);
      tell('PIPE-DOMAIN-006', message, place, { help: 'give both the same type, or two names', related });
    }
  }
  return areAlike;
}

const NOTHING = { inputs: { kind: 'record', fields: new Map() }, nodes: new Map(), variables: new Map() } as const;

/** The type of a value as it is written; json where it has none, as a list of different things. */
function typeOfValue(value: Json): Type {
  return typeTemplate({ kind: 'literal', value }, undefined, NOTHING, () => {})?.type ?? JSON_TYPE;
}

interface TypedValue {
  readonly type: Type;
  readonly value: Json;
}

/** The type of two values of one name; undefined when they are not of one. */
function joinedType(a: TypedValue, b: TypedValue): Type | undefined {
  if (formOf(a.value) !== formOf(b.value)) return undefined;
  if (isEmptyList(a.value)) return b.type;
  if (isEmptyList(b.value)) return a.type;
  const isList = Array.isArray(a.value) && a.type !== JSON_TYPE && b.type !== JSON_TYPE;
  return joinTypes(a.type, b.type) ?? (isList ? undefined : JSON_TYPE);
}

function isEmptyList(value: Json): boolean {
  return Array.isArray(value) && value.length === 0;
}

function formOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

const TYPES = new WeakMap<ProjectSettings, ReadonlyMap<string, Type>>();

/** The types of all values that any domain has. */
export function valueTypes(project: ProjectSettings): ReadonlyMap<string, Type> {
  const known = TYPES.get(project);
  if (known !== undefined) return known;
  const seen = new Map<string, TypedValue>();
  for (const { values = {} } of Object.values(project.domains)) {
    for (const [name, value] of Object.entries(values)) {
      const first = seen.get(name);
      const type = typeOfValue(value);
      seen.set(
        name,
        first === undefined ? { type, value } : { ...first, type: joinedType(first, { type, value }) ?? type },
      );
    }
  }
  const types = new Map([...seen].map(([name, { type }]) => [name, type] as const));
  TYPES.set(project, types);
  return types;
}

/** The project's document, for places in it: only read where something is wrong. Undefined: it must be read first. */
export function projectDocument(workspace: Workspace): Definition | undefined {
  const { base, request, cache } = workspace;
  const before = base.byFile.get(PROJECT_FILE)?.find((key) => key.startsWith('Project/'));
  const blob = request.files.get(PROJECT_FILE) ?? base.entries.get(before ?? '')?.blob;
  if (blob === undefined) return undefined;
  const parsed = parsedFile(cache, request.texts, PROJECT_FILE, blob);
  if (parsed === undefined) workspace.neededBlobs.set(PROJECT_FILE, blob);
  return parsed?.documents.find(({ kind }) => kind === 'Project');
}
