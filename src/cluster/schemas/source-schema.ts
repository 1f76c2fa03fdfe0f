import { MAX_REF_PATTERN_LENGTH, MAX_REF_PATTERNS, MAX_TRUST_TEXT_LENGTH } from '../../base/index.ts';
import {
  between,
  flag,
  list,
  mapOf,
  oneOf,
  optional,
  record,
  ruled,
  type Schema,
  text,
  time,
  whole,
} from './schema.ts';

function patterns(one: string, all: string): Schema {
  const pattern = { ...text(one), pattern: '^[^\\s-]', maxLength: MAX_REF_PATTERN_LENGTH };
  return { ...list(pattern, all), minItems: 1, maxItems: MAX_REF_PATTERNS };
}

const SECRET = record({ name: text('Name of the Secret.'), key: text('One of its keys.') }, 'A value of a Secret.');

/** Where the commits of a repository come from. */
export const SOURCE = ruled(
  record(
    {
      kind: oneOf(['push', 'remote'], 'push: served here under /git/<name>.git. remote: served elsewhere, and polled.'),
      url: optional(text('https://host/path.git, ssh://git@host/path.git or git@host:path.git, without credentials.')),
      interval: optional(text('Time between polls, 1m when absent, at least 10s.')),
      timeout: optional(text('Time for the remote to answer, 30s when absent.')),
      credentials: optional(
        record(
          {
            secret: text(
              'A Secret of this namespace with username and password, or token, and ca.crt where it is needed; for SSH identity and known_hosts.',
            ),
          },
          'How to log in.',
        ),
      ),
      refs: optional(patterns('For example main, release/* or refs/tags/v*.', 'Refs to follow; all when absent.')),
      depth: optional(between(whole('Commits of history to fetch; all when absent.'), 1, 2 ** 31 - 1)),
      filter: optional({
        ...text(
          'blob:none or blob:limit=<size>: blobs that are not fetched before they are read; none are left out when absent.',
        ),
        pattern: '^blob:(none|limit=[0-9]{1,9}[kmg]?)$',
      }),
      proxy: optional(
        ruled(
          record(
            {
              url: optional(text('http://host:port, without a login; the key address of the Secret when absent.')),
              secret: optional(text('A Secret of this namespace with username and password, and address.')),
            },
            'A proxy for HTTP and HTTPS, instead of the one that the environment of the control plane names.',
          ),
          { rule: 'has(self.url) || has(self.secret)', message: 'needs url, or secret with the key address' },
        ),
      ),
    },
    'Where commits come from.',
  ),
  { rule: "self.kind != 'remote' || has(self.url)", message: 'a remote needs a URL' },
);

/** Where the host of a repository tells of pushes. */
export const WEBHOOK = record(
  {
    provider: oneOf(['github', 'gitlab', 'gitea'], 'Who sends it, which says how it is signed.'),
    secret: SECRET,
  },
  'POST /webhooks/<repository> makes the remote be polled at once.',
);

/** Reviews of pull requests. */
export const REVIEWS = record(
  {
    provider: oneOf(['github', 'gitlab', 'gitea'], 'The host of the pull requests; gitea is also Forgejo.'),
    token: SECRET,
    apiUrl: optional(text('Its API, as https://HOST/api/v4; that of the host in spec.source.url when absent.')),
    project: optional(text('owner/name there; the path of spec.source.url when absent.')),
    failOn: optional(
      oneOf(['error', 'warning', 'notice', 'never'], 'From this level on the status is a failure; error when absent.'),
    ),
    interval: optional(text('Time between looks at the open pull requests, 1m when absent, at least 10s.')),
  },
  'Open pull requests of a remote are reviewed: one comment and a status of the head, kept up to date.',
);

/** How reviews go. */
export const REVIEWS_STATUS = record(
  {
    reviewed: optional(
      mapOf(
        record(
          {
            head: text('The head that was reviewed.'),
            base: text('The commit that it was reviewed for.'),
            verdict: text('What was said of it.'),
          },
          'A pull request.',
        ),
        'Open pull requests by number.',
      ),
    ),
    failures: optional(whole('Looks that failed in a row.')),
    message: optional(text('What is wrong.')),
    nextAttemptAt: optional(time('When it is tried again.')),
  },
  'How reviews of pull requests go. Written when that changes.',
);

/** Whose signatures commits must carry. */
export const VERIFY = ruled(
  record(
    {
      mode: oneOf(
        ['head', 'tag', 'every-commit'],
        'head: the commit that a ref shows. tag: a signed tag that names it. every-commit: all that a push brings.',
      ),
      allowedSigners: optional({
        ...text('SSH keys, as the ALLOWED SIGNERS file of ssh-keygen.'),
        maxLength: MAX_TRUST_TEXT_LENGTH,
      }),
      gpgKeys: optional({ ...text('Armoured OpenPGP public keys.'), maxLength: MAX_TRUST_TEXT_LENGTH }),
      refs: optional(patterns('A pattern.', 'Refs that it is asked of; all when absent.')),
    },
    'What is not signed so is rejected.',
  ),
  {
    rule: 'has(self.allowedSigners) || has(self.gpgKeys)',
    message: 'needs allowedSigners or gpgKeys: nothing could be accepted',
  },
);

/** How polling goes. */
export const SOURCE_STATUS = record(
  {
    observed: optional(text("Digest of the remote's refs, once all were dealt with.")),
    lastSyncRequest: optional(text('Echo of the annotation pipectl.dev/sync-requested-at, once the remote was asked.')),
    lastChangedAt: optional(time("When the remote's refs last changed.")),
    failures: optional(whole('Polls that failed in a row.')),
    message: optional(text('What is wrong.')),
    nextAttemptAt: optional(time('When it is tried again.')),
  },
  'How polling goes. Written when that changes.',
);

/** While true nothing is polled and nothing reconciled. */
export const SUSPENDED = flag('While true, nothing is polled and nothing reconciled; pushes still register.');
