/**
 * fast-yaml: the plain part of YAML, read many times faster than by the full parser, as values or as places.
 * Owns one guess: it reads a text exactly as `yaml-tree.ts` and `yaml-json.ts` would, or gives up.
 * Must not report: whatever is wrong, rare or doubtful in a text is for the full parser.
 * Keeps: where it answers, the full parser finds no fault and makes the same values, at the same places, of the same documents.
 */
export { type FastPart, fastDocuments, fastMarks, fastParts } from './documents.ts';
