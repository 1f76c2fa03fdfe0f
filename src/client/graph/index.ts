/**
 * graph: a workflow's graph → Mermaid, DOT or SVG text, with the states of an execution when there is one.
 * Owns looks: shapes, colours, symbols, legends. Where boxes stand and how edges run comes from the compiler's layout.
 * Must not read anything: what is drawn is given whole.
 * Keeps: names are escaped in every format, whatever they hold; a phase is told by word and symbol, never by colour alone;
 * the same drawing gives the same text.
 */
export { dotText } from './dot.ts';
export type { Drawing, NodeMark } from './drawing.ts';
export { isBeyondMermaid, mermaidText } from './mermaid.ts';
export { svgText } from './svg.ts';
export { FONT } from './svg-style.ts';
export { fitText, textWidth, xmlText } from './svg-text.ts';
