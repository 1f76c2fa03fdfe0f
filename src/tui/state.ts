import type { Tone } from './line.ts';

/** Where a person is. What it shows is the world's; this is only what they chose. */
export type Target =
  | { readonly kind: 'pulse' }
  | { readonly kind: 'executions' }
  | { readonly kind: 'approvals' }
  | { readonly kind: 'objects'; readonly of: string }
  | { readonly kind: 'execution'; readonly namespace: string; readonly name: string }
  | {
      readonly kind: 'logs';
      readonly namespace: string;
      readonly name: string;
      readonly node?: string;
    }
  /** What a command of `pipectl` answers. */
  | {
      readonly kind: 'command';
      readonly title: string;
      readonly argv: readonly string[];
      readonly isYaml?: boolean;
      /** Asked again while it is looked at. */
      readonly isLive?: boolean;
    };

export interface ListState {
  /** How the nodes of an execution stand: as the tree that they are nested in, or by what comes after what. Absent: a tree. */
  readonly shape?: 'tree' | 'graph';
  /** Absent: the first row, whichever that is. */
  readonly selected?: string;
  /** Where the selected row stood last, for when it is gone. */
  readonly index: number;
  /** Rows of the screen above the selected one. */
  readonly offset: number;
  readonly filter: string;
  readonly sort?: string;
  readonly isDescending?: boolean;
  readonly marks: ReadonlySet<string>;
}

export interface TextState {
  readonly top: number;
  readonly left: number;
  readonly search: string;
  /** Shows the end, and stays there. */
  readonly isFollowing: boolean;
  readonly isWrapped: boolean;
  readonly hasTimestamps: boolean;
}

export interface Place {
  readonly target: Target;
  readonly list: ListState;
  readonly text: TextState;
}

/** One field of a form. */
export interface Field {
  readonly name: string;
  /** Printed type, for example `integer` or `list<string>?`. */
  readonly type: string;
  readonly isRequired: boolean;
  readonly value: string;
}

/** Something to be done by commands of `pipectl`, in this order. */
export interface Work {
  readonly label: string;
  readonly commands: readonly (readonly string[])[];
}

export type Overlay =
  | { readonly kind: 'filter'; readonly text: string; readonly before: string }
  | { readonly kind: 'search'; readonly text: string; readonly before: string }
  | { readonly kind: 'palette'; readonly text: string; readonly index: number }
  | { readonly kind: 'confirm'; readonly question: string; readonly work: Work }
  | {
      readonly kind: 'form';
      readonly title: string;
      readonly fields: readonly Field[];
      readonly at: number;
      /** The command without what the fields add. */
      readonly argv: readonly string[];
      readonly label: string;
    }
  | { readonly kind: 'help'; readonly top: number };

export interface Toast {
  readonly text: string;
  readonly tone: Tone;
}

export interface State {
  readonly columns: number;
  readonly rows: number;
  /** From the first place to the one that is shown; never empty. */
  readonly places: readonly Place[];
  readonly overlay?: Overlay;
  readonly toast?: Toast;
  /** Work under way. */
  readonly busy?: string;
  /** The namespace that is looked at; absent: all. */
  readonly namespace?: string;
}

export const NEW_LIST: ListState = { index: 0, offset: 0, filter: '', marks: new Set() };
export const NEW_TEXT: TextState = {
  top: 0,
  left: 0,
  search: '',
  isFollowing: false,
  isWrapped: false,
  hasTimestamps: false,
};

export function newPlace(target: Target, filter = ''): Place {
  return {
    target,
    list: { ...NEW_LIST, filter },
    text: { ...NEW_TEXT, isFollowing: target.kind === 'logs' },
  };
}

export function placeOf(state: State): Place {
  return state.places.at(-1) as Place;
}

/** Equal for places that show the same, whatever is chosen there. */
export function targetKey(target: Target): string {
  return JSON.stringify(target);
}
