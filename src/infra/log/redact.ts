const PRIVATE_KEY =
  /pass(word|phrase)?$|secret|token|authorization|cookie|e_?mail|phone|address|recipient|first_?name|last_?name|full_?name|postcode|api_?key|(?<![a-z])card|card_?number|cvc|iban|totp|signature/i;
const EMAIL = /[^\s@"'<>()]+@[^\s@"'<>()]+\.[a-z]{2,}/gi;
const BEARER = /\b(bearer|basic)\s+\S+/gi;
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const PROVIDER_SECRET = /\b(sk|rk|whsec|pi|seti)_[\w]*_?(secret|test|live)_\w+/g;
const CARD_NUMBER = /\b\d(?:[ -]?\d){12,18}\b/g;
const PHONE = /\+\d[\d ()-]{7,}\d/g;

const MASK = '[redacted]';
const DEEPEST = 6;
const LONGEST_TEXT = 2_000;
const LONGEST_LIST = 50;

/** A JSON-safe copy without what looks personal or secret, by key and by form. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth >= DEEPEST || ArrayBuffer.isView(value)) return MASK;
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST).map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, isPrivate(key, member) ? MASK : redact(member, depth + 1)]),
  );
}

/** Counts and flags, as in `tokens: 3`, tell nothing. */
const isPrivate = (key: string, member: unknown): boolean =>
  PRIVATE_KEY.test(key) && member !== null && member !== undefined && typeof member !== 'boolean';

export const redactText = (text: string): string =>
  text
    .slice(0, LONGEST_TEXT)
    .replace(JWT, MASK)
    .replace(BEARER, `$1 ${MASK}`)
    .replace(PROVIDER_SECRET, MASK)
    .replace(EMAIL, MASK)
    .replace(CARD_NUMBER, (digits) => (passesLuhn(digits) ? MASK : digits))
    .replace(PHONE, MASK);

function passesLuhn(text: string): boolean {
  const digits = [...text.replace(/\D/g, '')].map(Number).reverse();
  const sum = digits.reduce(
    (total, digit, index) => total + (index % 2 === 1 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit),
    0,
  );
  return sum % 10 === 0;
}

/** Class, codes and frames. Never the message: drivers put statements, and so personal data, into theirs. */
function describeError(error: Error): Record<string, unknown> {
  const chain: Error[] = [];
  for (let each: unknown = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  const text = (key: string): string | undefined =>
    chain
      .map((each) => (each as unknown as Record<string, unknown>)[key])
      .find((value): value is string => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value));
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    name: chain.map((each) => each.constructor.name).join(' < '),
    code: text('code'),
    constraint: text('constraint'),
    frames: frames.slice(0, 8).map((line) => line.trim()),
    ...(isOurs(error) ? { message: redactText(error.message) } : {}),
  };
}

/** Messages of the language and of our own code quote no data; those with a code are a driver's. */
function isOurs(error: Error): boolean {
  if (error.constructor.name === 'DomainError') return true;
  const plain = ['Error', 'TypeError', 'RangeError', 'ReferenceError'].includes(error.constructor.name);
  return plain && (error as { code?: unknown }).code === undefined && error.cause === undefined;
}
