import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/index.ts';
import {
  patchStatusTree,
  shareStatus,
  statusFromText,
  statusText,
} from '../../../src/cluster/adapters/embedded/status-tree.ts';
import { mergePatch } from '../../../src/cluster/index.ts';

/** Patches over few keys, so that they meet, with the names that trip up plain objects among them. */
const patch = fc.letrec((tie) => ({
  object: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 }),
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, 1, 'x', [{ a: 1 }]), tie('object')),
})).object as fc.Arbitrary<JsonObject>;

describe('a status that is patched in place', () => {
  it('equals the merge patches done one after another, and what was handed out between never changes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(patch, fc.boolean()), { maxLength: 12 }), (steps) => {
        const tree = statusFromText(undefined);
        const handedOut: { readonly value: unknown; readonly text: string }[] = [];
        let expected: unknown = {};
        for (const [delta, isRead] of steps) {
          // What the log has of the delta is its text.
          const text = JSON.stringify(delta);
          patchStatusTree(tree, delta);
          expected = mergePatch(expected, JSON.parse(text));
          if (isRead) {
            const value = shareStatus(tree);
            handedOut.push({ value, text: JSON.stringify(value) });
          }
        }
        if (steps.length > 0) expect(JSON.parse(statusText(tree)!)).toEqual(JSON.parse(JSON.stringify(expected)));
        for (const { value, text } of handedOut) expect(JSON.stringify(value)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});
