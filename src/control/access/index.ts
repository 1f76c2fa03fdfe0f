/**
 * control/access: who may do what. Knows the tokens, and guards what is pushed by scopes and by the rules of refs.
 * Must not decide what is valid: registration does, after it. What the API allows stands in `cluster/access.ts`.
 * Keeps: the text of a token is kept nowhere; one that is deleted or has expired opens nothing, and what it had open
 * ends; a push moves all its refs or none; who asked for a push is in the audit log before they are answered.
 */
export { createPushAccess, type PushAccessOptions } from './push-access.ts';
export { startTokens, type Tokens, type TokensOptions } from './tokens.ts';
