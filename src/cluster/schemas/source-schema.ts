import { flag, list, oneOf, optional, record, text, time, whole } from './schema.ts';

const SECRET = record({ name: text('Name of the Secret.'), key: text('One of its keys.') }, 'A value of a Secret.');

/** Where the commits of a repository come from. */
export const SOURCE = record(
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
    refs: optional(list(text('For example main, release/* or refs/tags/v*.'), 'Refs to follow; all when absent.')),
    depth: optional(whole('Commits of history to fetch; all when absent.')),
    filter: optional(
      text(
        'blob:none or blob:limit=<size>: blobs that are not fetched before they are read; none are left out when absent.',
      ),
    ),
    proxy: optional(
      record(
        {
          url: optional(text('http://host:port, without a login; the key address of the Secret when absent.')),
          secret: optional(text('A Secret of this namespace with username and password, and address.')),
        },
        'A proxy for HTTP and HTTPS, instead of the one that the environment of the control plane names.',
      ),
    ),
  },
  'Where commits come from.',
);

/** Where the host of a repository tells of pushes. */
export const WEBHOOK = record(
  {
    provider: oneOf(['github', 'gitlab', 'gitea'], 'Who sends it, which says how it is signed.'),
    secret: SECRET,
  },
  'POST /webhooks/<repository> makes the remote be polled at once.',
);

/** Whose signatures commits must carry. */
export const VERIFY = record(
  {
    mode: oneOf(
      ['head', 'tag', 'every-commit'],
      'head: the commit that a ref shows. tag: a signed tag that names it. every-commit: all that a push brings.',
    ),
    allowedSigners: optional(text('SSH keys, as the ALLOWED SIGNERS file of ssh-keygen.')),
    gpgKeys: optional(text('Armoured OpenPGP public keys.')),
    refs: optional(list(text('A pattern.'), 'Refs that it is asked of; all when absent.')),
  },
  'What is not signed so is rejected.',
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
