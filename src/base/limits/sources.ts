/** Bounds of remote repositories: polling, fetching, webhooks and signatures. Sizes in bytes, times in milliseconds. */
const KiB = 1024;
const MiB = 1024 * KiB;

/** Characters of a remote's URL. */
export const MAX_REMOTE_URL_LENGTH = 2_000;
/** Time between polls: without a wish, and at least. Flux polls no faster than once in 10 s by default either. */
export const DEFAULT_POLL_INTERVAL_MS = 60_000;
export const MIN_POLL_INTERVAL_MS = 10_000;
export const MAX_POLL_INTERVAL_MS = 7 * 24 * 3_600_000;
/** Time for a remote to answer, and in which a fetch must make some progress: without a wish, and the bounds of wishes. */
export const DEFAULT_REMOTE_TIMEOUT_MS = 30_000;
export const MIN_REMOTE_TIMEOUT_MS = 1_000;
export const MAX_REMOTE_TIMEOUT_MS = 600_000;
/** Polls come up to this part of the interval sooner or later, so that those of many repositories spread. */
export const POLL_JITTER = 0.1;
/** Longest time between tries of a remote that fails, unless its interval is longer. */
export const MAX_POLL_BACKOFF_MS = 600_000;
/** Polls of many repositories that a start finds are spread over this time. */
export const FIRST_POLLS_MS = 5_000;
/** Time between a hint and the next one that is acted on, once a few in a row were. */
export const HINT_SPACING_MS = 2_000;
export const MAX_HINTS_AT_ONCE = 5;
/** Git processes that talk to remotes at a time, and those of one host; of all remotes that failed last time as many as of one host. */
export const MAX_REMOTE_PROCESSES = 24;
export const MAX_REMOTE_PROCESSES_PER_HOST = 4;
/** Refs that are followed in one remote, and the bytes of its answer that names them. */
export const MAX_REMOTE_REFS = 10_000;
export const MAX_REMOTE_REFS_BYTES = 8 * MiB;
/** Refs of a repository that are remembered between polls; of one with more, git is asked each time that something moved. */
export const MAX_REMEMBERED_REFS = 200;
/** Refs that are asked for in one fetch. */
export const MAX_FETCHED_REFS = 200;
/** Blobs that are asked for in one fetch, of those that a filter left out. */
export const MAX_FETCHED_BLOBS = 1_000;
/** Refs of one fetch that may turn out not to be had one by one; with more the fetch has failed. */
export const MAX_REFUSED_REFS = 20;
/** Characters of what status says of a source, and rejected refs that it names. */
export const MAX_SOURCE_MESSAGE_LENGTH = 1_000;
export const MAX_NAMED_REJECTIONS = 5;
/** Patterns of refs in one list, and characters of one. */
export const MAX_REF_PATTERNS = 100;
export const MAX_REF_PATTERN_LENGTH = 250;
/** Certificates, known hosts, allowed signers or keys as text. */
export const MAX_TRUST_TEXT_LENGTH = 256 * KiB;

/** Body of a webhook: GitHub sends at most 25 MB. It is hashed as it comes and never kept. */
export const MAX_WEBHOOK_BYTES = 25 * MiB;
export const WEBHOOK_TIMEOUT_MS = 10_000;
/** How long a body that was refused is still read and thrown away, so that its sender gets to read why. */
export const WEBHOOK_LINGER_MS = 1_000;
/** Webhook requests at a time. */
export const MAX_WEBHOOK_REQUESTS = 32;
/** Webhooks to one repository: so many at once, and then one in this time. */
export const WEBHOOK_RATE = { burst: 60, everyMs: 200 } as const;
/** Ids of deliveries that are remembered, so that one that comes again does nothing. */
export const MAX_KNOWN_DELIVERIES = 2_000;

/** Commits of one push whose signatures are checked, and commits that are read to find them. */
export const MAX_VERIFIED_COMMITS = 1_000;
export const MAX_VERIFY_WALK = 50_000;
/** Tags that are looked at for one that names a commit. */
export const MAX_VERIFIED_TAGS = 1_000;
/** Characters of one signature. */
export const MAX_SIGNATURE_LENGTH = 64 * KiB;
/** Time for ssh-keygen or gpg to look at one signature, and such processes at a time. */
export const VERIFY_TIMEOUT_MS = 10_000;
export const MAX_VERIFY_PROCESSES = 4;
