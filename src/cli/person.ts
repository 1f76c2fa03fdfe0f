import type { CommandContext } from './context.ts';

/** Who types: the user of this machine, as far as the environment tells. */
export function personOf({ env }: Pick<CommandContext, 'env'>): { readonly by?: string } {
  const by = env.USER ?? env.LOGNAME;
  return by === undefined || by === '' ? {} : { by };
}
