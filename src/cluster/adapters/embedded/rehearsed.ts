import { mergePatch } from '../../merge-patch.ts';
import type { KubeObject } from '../../object.ts';
import { type Entry, mainValue } from './entry.ts';
import type { Op, Staged } from './stage.ts';
import { snapshot, type Table } from './table.ts';

/** What the writes of a batch that will not be made would answer. Versions are those of before, none of what is new. */
export function rehearsedAnswers(table: Table, { ops, answers }: Staged): readonly KubeObject[] {
  return answers.map((index) => {
    const { entry } = ops[index] as Op;
    const own = ops.slice(0, index + 1).filter((op) => op.entry === entry);
    const live = entry.rv === 0 ? undefined : snapshot(table, entry);
    const put = own.findLast((op) => op.kind === 'put');
    const main = put === undefined ? liveMain(entry) : mainValue(put.main);
    const status = own.reduce<unknown>(
      (sum, op) => (op.kind === 'status' ? mergePatch(sum ?? {}, op.patch) : sum),
      live?.status,
    );
    const version = live?.metadata.resourceVersion;
    return {
      ...main,
      metadata: { ...main.metadata, ...(version !== undefined && { resourceVersion: version }) },
      ...(status !== undefined && { status }),
    };
  });
}

/** As accepted so far, on the disk or not. */
function liveMain({ pending, hot }: Entry): KubeObject {
  return mainValue(pending?.main ?? hot!.main);
}
