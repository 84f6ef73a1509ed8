const SECRET_NAME = new RegExp(
  [
    'authorization|cookie|password|passwd|secret|credential',
    '(?:api|private|access)[-_]?key',
    '^(?:key|sig|signature)$',
    'token$',
  ].join('|'),
  'i',
);
const PERSONAL_NAME = /^e?-?mail$|email(address)?$|^(phone|address|to|cc|bcc)$/i;
const CENSORED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;

const API_KEY = /kiki_[a-z0-9]+_[A-Za-z0-9]+_[A-Za-z0-9_-]+/g;
const CREDENTIALS = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+/gi;
const URL_PASSWORD = /(\/\/[^/:@\s]*):[^@/\s]+@/g;
const EMAIL = /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g;

/** Hides API keys, credentials, passwords in URLs and e-mail addresses inside a text. */
export function redactText(text: string): string {
  if (!text.includes('@') && !/kiki_|bearer|basic/i.test(text)) return text;
  return text
    .replace(URL_PASSWORD, '$1:[redacted]@')
    .replace(CREDENTIALS, '$1 [redacted]')
    .replace(API_KEY, 'kiki_[redacted]')
    .replace(EMAIL, '[e-mail]');
}

/** A copy of `fields` that is safe to log: members named like secrets or addresses are hidden, texts are cleaned. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(fields, 0, new Set());
}

function redactObject(object: object, depth: number, above: Set<object>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  above.add(object);
  for (const [name, value] of Object.entries(object)) {
    const isHidden = value != null && (SECRET_NAME.test(name) || PERSONAL_NAME.test(name));
    result[name] = isHidden ? CENSORED : redactValue(value, depth + 1, above);
  }
  above.delete(object);
  return result;
}

function redactValue(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return errorFields(value, depth);
  if (above.has(value) || depth > MAX_DEPTH) return '[nested]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (!Array.isArray(value)) return redactObject(value, depth, above);
  above.add(value);
  const items = value.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1, above));
  above.delete(value);
  return items;
}

/** An error as log fields: type, code, message, stack and cause, cleaned. */
export function errorFields(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: redactText(String(error)) };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(cause === undefined || depth > MAX_DEPTH ? {} : { cause: errorFields(cause, depth + 1) }),
  };
}
