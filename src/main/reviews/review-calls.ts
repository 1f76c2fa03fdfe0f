import type { Oid, ReadResult } from '../../git/index.ts';
import type { History, Report } from '../../review/index.ts';

/** What the thread asks for while it reviews. */
export type ReviewCall =
  | { readonly ask: 'read'; readonly oid: Oid; readonly maxBytes: number; readonly expected: 'blob' | undefined }
  | { readonly ask: 'prefetch'; readonly blobs: readonly Oid[] }
  | { readonly ask: 'history'; readonly namespace: string };

export type ReviewAnswer = ReadResult | History | undefined;

/** What the thread says. */
export type FromThread =
  | { readonly kind: 'call'; readonly id: number; readonly call: ReviewCall }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

/** What it is told. */
export type ToThread =
  | { readonly kind: 'answer'; readonly id: number; readonly value: ReviewAnswer }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string };
