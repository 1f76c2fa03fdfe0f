import type { KindSchema } from './kind-schemas.ts';
import { flag, immutable, list, oneOf, optional, record, text, time } from './schema.ts';

const NAMES = (description: string) => list(text('A name.'), description);
const PATTERNS = list(text('A pattern.'), 'Patterns of refs, as main, release/* and refs/tags/v*.');

export const TOKEN: KindSchema = {
  description: 'What a client shows to be known. Immutable; deleting it revokes it.',
  fields: {
    spec: immutable(
      'Token',
      record(
        {
          scopes: list(
            record(
              {
                kind: oneOf(['read', 'push', 'operate', 'admin'], 'What it allows.'),
                refs: optional(PATTERNS),
                repositories: optional(NAMES('push: in these repositories; absent: in all.')),
                namespaces: optional(NAMES('operate: in these namespaces; absent: in all.')),
              },
              'One thing that it allows.',
            ),
            'What it allows, all together.',
          ),
          hash: text("SHA-256 of the token's text, 64 hexadecimal digits."),
          expiresAt: optional(time('From then on it opens nothing.')),
          groups: optional(NAMES('Names that rules of refs may use besides its own.')),
          by: optional(text('Who made it.')),
        },
        'What it is.',
      ),
    ),
  },
};

/** Protected refs of a repository. */
export const REF_RULES = list(
  record(
    {
      refs: PATTERNS,
      push: optional(NAMES('Tokens and groups that may move them; absent: all who may push.')),
      allowForce: optional(flag('Whether commits may be left behind.')),
      allowDelete: optional(flag('Whether they may be deleted.')),
    },
    'One rule. A ref that several name must keep all of them.',
  ),
  'Who may move which refs. A ref that no rule names may be moved by all who may push.',
);
