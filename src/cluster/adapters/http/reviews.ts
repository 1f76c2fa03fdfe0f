import { isJsonObject, type Json, type JsonObject } from '../../../base/index.ts';
import {
  accessOf,
  denialText,
  type Identity,
  isAdmin,
  KINDS,
  maySee,
  OPERATOR,
  policyRules,
  VIEWER,
} from '../../index.ts';

/** Questions that clients ask about themselves. */
const ANSWERS: ReadonlyMap<string, { readonly kind: string; answer(user: Identity, spec: Json): Json }> = new Map([
  ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { kind: 'SelfSubjectAccessReview', answer: accessAnswer }],
  ['/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { kind: 'SelfSubjectRulesReview', answer: rulesAnswer }],
  [
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {
      kind: 'SelfSubjectReview',
      answer: (user: Identity) => ({ userInfo: { username: user.name, groups: user.groups } }),
    },
  ],
]);

export function isReview(path: string): boolean {
  return ANSWERS.has(path);
}

/** The review with its status filled in. */
export function reviewAnswer(path: string, body: Json | undefined, user: Identity): Json {
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

/** Of one thing, as `kubectl auth can-i` asks. A patch that is limited to some fields counts as allowed. */
function accessAnswer(user: Identity, spec: Json): Json {
  const asked = isJsonObject(spec) ? spec : {};
  if (isJsonObject(asked.nonResourceAttributes)) return { allowed: maySee(user) };
  const attributes: JsonObject = isJsonObject(asked.resourceAttributes) ? asked.resourceAttributes : {};
  const { verb, group = '', resource, subresource, namespace } = attributes;
  const info = KINDS.find((each) => each.plural === resource && each.group === group);
  const request = {
    verb: String(verb),
    kind: info?.kind ?? String(resource),
    ...(typeof namespace === 'string' && namespace !== '' && { namespace }),
    ...(typeof subresource === 'string' && subresource !== '' && { subresource }),
  };
  const isAllowed = accessOf(user.scopes, request).kind !== 'denied';
  return isAllowed ? { allowed: true } : { allowed: false, reason: denialText(user, request) };
}

function rulesAnswer(user: Identity, spec: Json): Json {
  const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  const namespace = isJsonObject(spec) ? spec.namespace : undefined;
  const operates = user.scopes.some(
    (scope) =>
      scope.kind === 'operate' && (scope.namespaces === undefined || scope.namespaces.includes(String(namespace))),
  );
  const rules = [...(maySee(user) ? VIEWER : []), ...(operates ? OPERATOR : [])];
  return {
    incomplete: false,
    resourceRules: isAdmin(user) ? [all] : (policyRules(rules) as unknown as Json),
    nonResourceRules: maySee(user) ? [{ verbs: isAdmin(user) ? ['*'] : ['get'], nonResourceURLs: ['*'] }] : [],
  };
}
