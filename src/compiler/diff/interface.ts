import { acceptsNull, isAssignable, printType, type Type } from '../../language/index.ts';
import type { ClosureParameter, EntityClosure } from '../closure.ts';
import { interfaceType } from '../launch.ts';
import type { BreakKind } from './contract.ts';

/** What callers of an entity rely on. */
export interface Interface {
  readonly inputs: ReadonlyMap<string, InterfaceInput>;
  readonly outputs: ReadonlyMap<string, Type>;
}

export interface InterfaceInput {
  readonly type: Type;
  /** Nobody has to give it. */
  readonly isOptional: boolean;
}

/** One difference that callers feel. */
export interface Mismatch {
  readonly kind: BreakKind;
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** The interface of a closure; undefined for kinds that nobody calls. */
export function interfaceOf(closure: EntityClosure | undefined): Interface | undefined {
  switch (closure?.kind) {
    case 'Task':
    case 'Workflow':
    case 'LaunchPlan':
      return {
        inputs: new Map(Object.entries(closure.inputs).map(([name, input]) => [name, closureInput(input)] as const)),
        outputs: new Map(
          Object.entries(closure.outputs).map(([name, output]) => [name, interfaceType(output.type)] as const),
        ),
      };
    default:
      return undefined;
  }
}

function closureInput(parameter: ClosureParameter): InterfaceInput {
  const type = interfaceType(parameter.type);
  return { type, isOptional: parameter.default !== undefined || acceptsNull(type) };
}

/** In which ways `after` does not keep what `before` promised. In order: inputs, outputs, each by name. */
export function mismatchesOf(before: Interface, after: Interface): readonly Mismatch[] {
  const inputs = [...new Set([...before.inputs.keys(), ...after.inputs.keys()])].sort();
  const outputs = [...before.outputs.keys()].sort();
  return [
    ...inputs.flatMap((name) => inputMismatch(name, before.inputs.get(name), after.inputs.get(name))),
    ...outputs.flatMap((name) => outputMismatch(name, before.outputs.get(name) as Type, after.outputs.get(name))),
  ];
}

function inputMismatch(
  name: string,
  before: InterfaceInput | undefined,
  after: InterfaceInput | undefined,
): readonly Mismatch[] {
  const types = {
    name,
    ...(before !== undefined && { before: printType(before.type) }),
    ...(after !== undefined && { after: printType(after.type) }),
  };
  if (after === undefined) return [{ kind: 'inputRemoved', ...types }];
  if (before === undefined) return after.isOptional ? [] : [{ kind: 'inputRequired', ...types }];
  if (!isAssignable(before.type, after.type)) {
    return [{ kind: isAssignable(after.type, before.type) ? 'inputNarrowed' : 'inputType', ...types }];
  }
  return before.isOptional && !after.isOptional ? [{ kind: 'inputRequired', ...types }] : [];
}

function outputMismatch(name: string, before: Type, after: Type | undefined): readonly Mismatch[] {
  if (after === undefined) return [{ kind: 'outputRemoved', name, before: printType(before) }];
  if (isAssignable(after, before)) return [];
  return [{ kind: 'outputType', name, before: printType(before), after: printType(after) }];
}
