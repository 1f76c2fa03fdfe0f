/**
 * hosts/adapters/github: GitHub and GitHub Enterprise Server over REST, by octokit with its retries and throttling.
 * Must not be loaded by who posts nothing: octokit takes as long to load as a command takes to answer.
 * Keeps: the token goes to the API's own origin and into no message; an answer is read up to MAX_HOST_ANSWER_BYTES.
 */
export { type Analysis, createGitHubHost, type GitHubOptions, uploadAnalysis } from './github-host.ts';
