/** Bounds of what is read from and written to code hosts: GitHub, GitLab, Gitea and Forgejo. */

/** Time for a host to answer one request, and for all requests of one review together, with what they wait in between. */
export const HOST_TIMEOUT_MS = 30_000;
export const MAX_POSTING_MS = 300_000;
/** Longest time that a host may make us wait before it is asked again; past it the caller is told. */
export const MAX_HOST_WAIT_MS = 120_000;
/** How often one request is tried again. */
export const MAX_HOST_RETRIES = 3;
/** Entries of a page; GitHub, GitLab and Gitea give no more than 100, Gitea by default 50. */
export const HOST_PAGE_SIZE = 100;
/** Pages of comments of one pull request: among more than these our own is not looked for. */
export const MAX_COMMENT_PAGES = 50;
/** Pages of open pull requests of one repository. */
export const MAX_PULL_REQUEST_PAGES = 20;
/** Bytes of a file with a token. */
export const MAX_HOST_TOKEN_BYTES = 16 * 1024;
/** Bytes of one answer of a host. */
export const MAX_HOST_ANSWER_BYTES = 16 * 1024 * 1024;
/** Rounds in which one comment is brought about: more are needed only while others write, too. */
export const MAX_COMMENT_ROUNDS = 6;
/** Characters of a topic, which tells apart the comments of several reviews of one pull request. */
export const MAX_COMMENT_TOPIC_LENGTH = 100;
/** Characters of the description of a commit status: GitHub refuses longer ones with 422. */
export const MAX_STATUS_DESCRIPTION = 140;
/** Annotations of one request to GitHub's Checks API (docs.github.com/rest/checks/runs), and of one check run of ours. */
export const ANNOTATIONS_PER_REQUEST = 50;
export const MAX_CHECK_ANNOTATIONS = 1_000;
/** Annotations of a kind that GitHub shows of one step (docs.github.com/actions, "workflow commands"). */
export const ANNOTATIONS_PER_STEP = 10;
/** Bytes of a check run's summary: GitHub refuses 65,536 characters and more. */
export const MAX_CHECK_SUMMARY = 65_535;
/** Characters of an annotation's message and title; GitHub's own bounds are 64 KB and 255 characters. */
export const MAX_ANNOTATION_MESSAGE = 4_000;
export const MAX_ANNOTATION_TITLE = 255;
/** Bytes of a job's summary: GitHub shows none that is larger than 1,024 KiB. */
export const MAX_STEP_SUMMARY_BYTES = 1024 * 1024;
/** Answers of one host that are remembered by their tags, to be asked for on condition. */
export const MAX_TAGGED_ANSWERS = 100;
/** The file in which a runner leaves the event: GitHub's webhooks have at most 25 MB. */
export const MAX_EVENT_BYTES = 25 * 1024 * 1024;
/** New heads of one pull request that a run goes on with, after it has written for one that was the newest no longer. */
export const MAX_FOLLOWED_HEADS = 5;
/** Time between looks at a control plane that registers a commit, and bytes of its answer. */
export const REGISTER_POLL_MS = 2_000;
export const MAX_CONTROLLER_ANSWER_BYTES = 4 * 1024 * 1024;
