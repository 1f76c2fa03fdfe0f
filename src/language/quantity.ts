/** Kubernetes' resource.Quantity: a decimal number and one suffix (apimachinery, pkg/api/resource/quantity.go). */

const QUANTITY = /^(\d+(?:\.\d*)?|\.\d+)(?:([eE][-+]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;
const MAX_LENGTH = 64;
const FACTOR: ReadonlyMap<string, number> = new Map([
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['Pi', 2 ** 50],
  ['Ei', 2 ** 60],
]);

/** `500m` → 0.5, `1Gi` → 1073741824; cores or bytes as a double. Undefined when it is not a quantity ≥ 0. */
export function parseQuantity(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const found = QUANTITY.exec(text);
  if (found === null) return undefined;
  const [, digits, exponent, suffix] = found;
  if (exponent !== undefined) return Number(`${digits}${exponent}`);
  return Number(digits) * (suffix === undefined ? 1 : FACTOR.get(suffix)!);
}

/** `5GB`, `500 MB`, `2 gi`: what people write who mean bytes. */
const BYTES = /^(\d+(?:\.\d+)?)\s*([kmgtp])(i?)b?$/i;

/** What was probably meant by a text that is no quantity, to be shown after "write". */
export function quantityLike(text: string): string | undefined {
  const closed = text.replaceAll(/\s+/g, '');
  if (text.length <= MAX_LENGTH && parseQuantity(closed) !== undefined) return closed;
  const found = BYTES.exec(text.slice(0, MAX_LENGTH + 1));
  if (found === null) return undefined;
  const [, digits, letter = '', binary] = found;
  const prefix = letter.toUpperCase();
  const decimal = `${digits}${prefix === 'K' ? 'k' : prefix}`;
  return binary === '' ? `${digits}${prefix}i (powers of 1024) or ${decimal} (powers of 1000)` : `${digits}${prefix}i`;
}
