import type { TableColumn } from '../client/index.ts';
import type { NodeWait } from '../cluster/index.ts';
import type { Line, Span } from './line.ts';

/** What a place shows: rows to choose from, or text to read. Made anew for each frame, so it must cost only what is asked of it. */
export type Content = ListContent | TextContent;

export interface ListColumn extends TableColumn {
  /** Columns that its widest cell takes, as far as it is known. */
  readonly width: number;
}

export interface ListContent {
  readonly kind: 'list';
  /** Rows above the table. */
  readonly facts: readonly Line[];
  readonly columns: readonly ListColumn[];
  readonly count: number;
  /** Before the filter. */
  readonly total: number;
  idAt(index: number): string | undefined;
  /** -1: it is not among them. */
  indexOf(id: string): number;
  /** One for each column. */
  cells(index: number): readonly Span[];
  /** What fills the rest of the row behind the columns, for example a timeline. */
  readonly tail?: {
    readonly title: (columns: number) => Line;
    readonly draw: (index: number, columns: number) => Line;
  };
  /** Why there is nothing to show, or what is wrong with what is shown. */
  readonly note?: Line;
  /** What the selected row is about, for a second pane. */
  detail?(id: string, columns: number): readonly Line[];
  /** What a row waits for, when it is a node that waits for an answer. */
  waitOf?(id: string): NodeWait | undefined;
  /** Columns that it can be sorted by; none, when its order is its own. */
  readonly sorts: readonly string[];
  /** How it stands now. */
  readonly order?: { readonly by: string; readonly isDescending: boolean };
  /** A filter that could not be understood. */
  readonly filterError?: string;
}

export interface TextContent {
  readonly kind: 'text';
  readonly facts: readonly Line[];
  readonly count: number;
  line(index: number): Line;
  readonly note?: Line;
}
