/**
 * hosts/adapters/gitlab: GitLab.com and self-managed GitLab over REST, version 4 of its API.
 * Must not follow redirects, nor write anything but notes of its own and statuses of commits.
 * Keeps: the token goes to the API's own origin and into no message; an answer is read up to MAX_HOST_ANSWER_BYTES.
 */
export { createGitLabHost, type GitLabOptions } from './gitlab-host.ts';
