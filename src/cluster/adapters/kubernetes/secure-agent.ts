import type { Agent } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/**
 * Kept connections over TLS. Certificates are read once: an agent that is given their texts reads them for each connection, and
 * compares them with those of the kept ones for each request.
 */
export async function secureAgent({
  rejectUnauthorized = true,
  ...material
}: SecureContextOptions & { readonly rejectUnauthorized?: boolean }): Promise<Agent> {
  const [{ Agent }, { createSecureContext }] = await Promise.all([import('node:https'), import('node:tls')]);
  return new Agent({ keepAlive: true, secureContext: createSecureContext(material), rejectUnauthorized });
}
