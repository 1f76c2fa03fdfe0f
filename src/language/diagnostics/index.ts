/** The table of diagnostic codes, and findings as text. */
export * from './code.ts';
export * from './families.ts';
export * from './fix.ts';
export * from './fix-edits.ts';
export * from './format.ts';
export * from './plain-text.ts';
export * from './table.ts';
export * from './wrap-words.ts';
