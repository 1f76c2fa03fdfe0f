import { isJsonObject, type Json } from '../../../base/index.ts';
import type { User } from './api.ts';

/** Questions that clients ask about themselves. Whoever holds the token may do everything here. */
const ANSWERS: ReadonlyMap<string, { readonly kind: string; answer(user: User, spec: Json): Json }> = new Map([
  [
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { kind: 'SelfSubjectAccessReview', answer: () => ({ allowed: true, reason: 'the token allows everything' }) },
  ],
  [
    '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    {
      kind: 'SelfSubjectRulesReview',
      answer: () => ({
        incomplete: false,
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      }),
    },
  ],
  [
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {
      kind: 'SelfSubjectReview',
      answer: (user: User) => ({ userInfo: { username: user.name, groups: user.groups } }),
    },
  ],
]);

export function isReview(path: string): boolean {
  return ANSWERS.has(path);
}

/** The review with its status filled in. */
export function reviewAnswer(path: string, body: Json | undefined, user: User): Json {
  const review = ANSWERS.get(path);
  const spec = isJsonObject(body) && body.spec !== undefined ? body.spec : {};
  return {
    kind: review?.kind ?? '',
    apiVersion: path.split('/').slice(2, 4).join('/'),
    metadata: { creationTimestamp: null },
    spec,
    status: review?.answer(user, spec) ?? {},
  };
}
