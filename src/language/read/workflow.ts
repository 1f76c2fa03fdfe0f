import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { Bindings, Node, NodeKind, Path, WorkflowOutput, WorkflowSpec } from '../document.ts';
import { foreignFields, NODE_KINDS } from '../schema/node.ts';
import { readParameters, readType } from './parameters.ts';
import { mapOf, numberOf, objectOf, present, type Reader, textOf, textsOf } from './reader.ts';
import { readRunPolicy } from './run-policy.ts';

export function readWorkflow(reader: Reader, spec: JsonObject): WorkflowSpec {
  return present<WorkflowSpec>({
    description: textOf(spec.description),
    inputs: readParameters(reader, spec.inputs, ['spec', 'inputs']),
    outputs: mapOf(spec.outputs, (value, name) => readOutput(reader, value, ['spec', 'outputs', name])),
    nodes: readNodes(reader, spec.nodes),
    failurePolicy: spec.failurePolicy === 'failAfterExecutable' ? 'failAfterExecutable' : 'failImmediately',
  });
}

function readOutput(reader: Reader, value: Json, path: Path): WorkflowOutput {
  if (!isJsonObject(value)) return { value, isLong: false };
  return present<WorkflowOutput>({
    value: value.value ?? null,
    isLong: true,
    type: readType(reader, value.type, [...path, 'type']),
    description: textOf(value.description),
  });
}

function readNodes(reader: Reader, value: Json | undefined): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>();
  for (const [id, given] of Object.entries(objectOf(value))) {
    const node = readNode(reader, id, objectOf(given));
    if (node !== undefined) nodes.set(id, node);
  }
  return nodes;
}

/** Undefined when the schema has told that it does not do exactly one thing. */
function readNode(reader: Reader, id: string, given: JsonObject): Node | undefined {
  const path = ['spec', 'nodes', id];
  const kinds = (Object.keys(NODE_KINDS) as NodeKind[]).filter((kind) => Object.hasOwn(given, kind));
  const kind = kinds[0];
  if (kind === undefined || kinds.length > 1) return undefined;
  for (const field of foreignFields(kind)) {
    if (!Object.hasOwn(given, field)) continue;
    const message = `a "${kind}" node has no "${field}"`;
    reader.tell('PIPE-SCHEMA-014', message, [...path, field], {
      isKey: true,
      help: kind === 'map' ? `write "${field}" inside "map"` : 'remove it',
    });
  }
  const base = present<{ id: string; needs: readonly string[]; description?: string }>({
    id,
    needs: textsOf(given.needs),
    description: textOf(given.description),
  });
  switch (kind) {
    case 'task':
      return {
        ...base,
        kind,
        ...readRunPolicy(reader, given, path),
        task: textOf(given.task) ?? '',
        with: bindings(given.with),
      };
    case 'map': {
      const map = objectOf(given.map);
      const spec = present<Extract<Node, { kind: 'map' }>['map']>({
        task: textOf(map.task) ?? '',
        over: bindings(map.over),
        with: bindings(map.with),
        concurrency: numberOf(map.concurrency),
        minSuccessRatio: numberOf(map.minSuccessRatio),
      });
      return { ...base, kind, ...readRunPolicy(reader, given, path), map: spec };
    }
    case 'compute':
      return { ...base, kind, compute: bindings(given.compute) };
  }
}

function bindings(value: Json | undefined): Bindings {
  return mapOf(value, (inner) => inner);
}
