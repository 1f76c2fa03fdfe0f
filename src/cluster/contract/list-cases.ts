import assert from 'node:assert/strict';
import { InvalidError } from '../errors.ts';
import type { ListOptions } from '../port.ts';
import { type ContractCase, type ContractContext, create, execution, workflow, workflowKey } from './context.ts';

/** Lists: order, selectors, pages. */
export const listCases: readonly ContractCase[] = [
  {
    name: 'list gives the objects of one kind and namespace in the order of their names',
    async run(context) {
      for (const name of ['c', 'a', 'b']) await create(context, workflow(context, name));
      assert.deepEqual(await names(context, {}), ['a', 'b', 'c']);
      const other = { ...context, namespace: `${context.namespace}-other` };
      assert.deepEqual(await names(other, {}), []);
      const { items } = await context.cluster.list('Task', { namespace: context.namespace });
      assert.deepEqual(items, []);
    },
  },
  {
    name: 'label selectors: equality, sets, presence',
    async run(context) {
      await create(context, workflow(context, 'a', {}, { team: 'x', tier: 'gold' }));
      await create(context, workflow(context, 'b', {}, { team: 'y', tier: 'gold' }));
      await create(context, workflow(context, 'c', {}, { team: 'z' }));
      await create(context, workflow(context, 'd'));
      const rows: readonly [string, readonly string[]][] = [
        ['team=x', ['a']],
        ['team==x', ['a']],
        ['team!=x', ['b', 'c', 'd']],
        ['team in (x, y)', ['a', 'b']],
        ['team notin (x,y)', ['c', 'd']],
        ['tier', ['a', 'b']],
        ['!tier', ['c', 'd']],
        ['tier=gold,team!=x', ['b']],
        ['team=none', []],
      ];
      for (const [labelSelector, expected] of rows) {
        assert.deepEqual(await names(context, { labelSelector }), expected, labelSelector);
      }
    },
  },
  {
    name: 'a selector that cannot be parsed is InvalidError',
    async run(context) {
      for (const labelSelector of ['a in (b', 'a=b=c', '=x', 'a b']) {
        await assert.rejects(names(context, { labelSelector }), InvalidError, labelSelector);
      }
      await assert.rejects(names(context, { fieldSelector: 'metadata.name' }), InvalidError);
    },
  },
  {
    name: 'field selectors: name and phase',
    async run(context) {
      for (const name of ['a', 'b', 'c']) await create(context, execution(context, name));
      const key = { kind: 'Execution', namespace: context.namespace, name: 'b' };
      await context.cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Running' } }]);
      const found = (fieldSelector: string): Promise<readonly string[]> =>
        names(context, { fieldSelector }, 'Execution');
      assert.deepEqual(await found('metadata.name=b'), ['b']);
      assert.deepEqual(await found('metadata.name!=b'), ['a', 'c']);
      assert.deepEqual(await found('status.phase=Running'), ['b']);
      assert.deepEqual(await found('status.phase!=Running,metadata.name!=a'), ['c']);
    },
  },
  {
    name: 'pages hold at most `limit` items, together all of them once, and share one version',
    async run(context) {
      const all = ['a', 'b', 'c', 'd', 'e'];
      for (const name of all) await create(context, workflow(context, name));
      const { namespace } = context;
      const seen: string[] = [];
      const versions = new Set<string>();
      let continueToken: string | undefined;
      do {
        const page = await context.cluster.list('Workflow', {
          namespace,
          limit: 2,
          ...(continueToken !== undefined && { continueToken }),
        });
        assert.ok(page.items.length <= 2);
        seen.push(...page.items.map(({ metadata }) => metadata.name));
        versions.add(page.resourceVersion);
        continueToken = page.continueToken;
      } while (continueToken !== undefined);
      assert.deepEqual(seen, all);
      assert.equal(versions.size, 1);
    },
  },
  {
    name: 'an object deleted between pages is not listed, the others are',
    async run(context) {
      for (const name of ['a', 'b', 'c', 'd']) await create(context, workflow(context, name));
      const { namespace, cluster } = context;
      const first = await cluster.list('Workflow', { namespace, limit: 2 });
      await cluster.write([{ op: 'delete', key: workflowKey(context, 'b') }]);
      await cluster.write([{ op: 'delete', key: workflowKey(context, 'c') }]);
      const rest = await cluster.list('Workflow', { namespace, limit: 2, continueToken: first.continueToken! });
      // Kubernetes gives the snapshot of the first page here; `c` may still be in it.
      assert.equal(rest.items.at(-1)?.metadata.name, 'd');
      assert.equal(rest.continueToken, undefined);
    },
  },
  {
    name: 'the first object of a namespace brings the namespace along',
    async run(context) {
      await create(context, workflow(context, 'a'));
      const found = await context.cluster.get({ kind: 'Namespace', name: context.namespace });
      assert.equal(found.metadata.name, context.namespace);
    },
  },
];

async function names(context: ContractContext, options: ListOptions, kind = 'Workflow'): Promise<readonly string[]> {
  const { items } = await context.cluster.list(kind, { namespace: context.namespace, ...options });
  return items.map(({ metadata }) => metadata.name);
}
