import { isJsonObject, type Json, type JsonObject } from '../../../base/index.ts';

/** What an API server fills in of an object before it stores it: a secret's type, and its plain texts as base64. */
export function withDefaults(kind: string, body: JsonObject): JsonObject {
  if (kind !== 'Secret') return body;
  const { stringData, ...secret } = body;
  const data: { [key: string]: Json } = Object.create(null);
  if (isJsonObject(body.data)) Object.assign(data, body.data);
  if (isJsonObject(stringData)) {
    for (const [key, text] of Object.entries(stringData)) data[key] = Buffer.from(String(text)).toString('base64');
  }
  return { type: 'Opaque', ...secret, ...(Object.keys(data).length > 0 && { data }) };
}
