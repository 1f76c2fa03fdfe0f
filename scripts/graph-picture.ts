import { svgText } from '../src/client/graph/index.ts';
import { compileWorkTree } from '../src/client/index.ts';
import { graphOf } from '../src/compiler/graph/index.ts';

/** The picture of a workflow of the project in `root`, as `pipectl graph WORKFLOW -o svg` prints it. */
export async function graphPicture(root: string, workflow: string): Promise<string> {
  const { outcome } = await compileWorkTree(root);
  if (outcome.kind === 'rejected') throw new Error(`${root} does not compile`);
  const closure = outcome.changed.find(({ kind, name }) => kind === 'Workflow' && name === workflow)?.closure;
  if (closure?.kind !== 'Workflow') throw new Error(`${root} has no workflow ${workflow}`);
  const { description } = closure;
  const picture = svgText({ graph: graphOf(closure), ...(description !== undefined && { caption: description }) });
  if (picture === undefined) throw new Error(`${workflow} is too large for a picture`);
  return picture;
}
