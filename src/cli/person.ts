import { userInfo } from 'node:os';
import type { CommandContext } from './context.ts';

/** Who types: the user of this machine. */
export function personOf({ env }: Pick<CommandContext, 'env'>): { readonly by?: string } {
  const by = env.USER || env.LOGNAME || accountName();
  return by === undefined || by === '' ? {} : { by };
}

/** A service has no USER in its environment, and a container may run as a number that has no name. */
function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
