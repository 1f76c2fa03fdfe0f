/**
 * graph: a workflow's closure → its picture as data: nodes, edges, and where each is drawn.
 * Owns which edges say nothing new, and the layered layout: ranks, order, places, routes.
 * Must not know of phases, colours or formats (client), nor of fonts: sizes of boxes come in.
 * Keeps: the same graph gives the same layout; boxes never overlap; an edge turns only between ranks, so none passes
 * through a box.
 */
export { FAILURE_HANDLER, type Graph, type GraphEdge, type GraphNode, graphOf } from './graph.ts';
export { type Box, type Direction, type Layout, type LayoutRequest, layOut, type Point } from './layout.ts';
