/** A push to `refs/plan/<domain>` asks what the commit would change in that domain; it never moves a ref. */
const PLAN_REFS = 'refs/plan/';

/** The ref that asks for a plan of a domain. */
export function planRef(domain: string): string {
  return `${PLAN_REFS}${domain}`;
}

/** The domain of a ref that asks for a plan; undefined for every other ref. */
export function plannedDomain(ref: string): string | undefined {
  return ref.startsWith(PLAN_REFS) ? ref.slice(PLAN_REFS.length) : undefined;
}
