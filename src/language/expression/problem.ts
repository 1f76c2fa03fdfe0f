/**
 * What is wrong with an expression before it ever runs. `syntax`: not CEL; `name`: something that does not exist;
 * `type`: operands or result of a wrong type; `forbidden`: CEL that pipectl refuses.
 */
export interface ExpressionProblem {
  readonly kind: 'syntax' | 'name' | 'type' | 'forbidden';
  readonly message: string;
  /** Range in the expression's source, in UTF-16 code units; the end is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly help?: string;
}

/** What went wrong while an expression ran: data that its types allow and its operations do not. */
export interface EvaluationProblem {
  readonly message: string;
  readonly source: string;
}

export type Evaluated<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: EvaluationProblem };
