/**
 * hosts/adapters/gitea: Gitea and Forgejo over REST, version 1 of their API.
 * Must not follow redirects, nor write anything but comments of its own and statuses of commits.
 * Keeps: the token goes to the API's own origin and into no message; an answer is read up to MAX_HOST_ANSWER_BYTES.
 */
export { createGiteaHost, type GiteaOptions } from './gitea-host.ts';
