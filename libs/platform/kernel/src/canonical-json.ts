/** What JSON escapes, and what it might: halves of surrogate pairs. */
const WORTH_A_LOOK = /["\\\u0000-\u001f\ud800-\udfff]/;

const MANY_KEYS = 24;

/**
 * Deterministic JSON for hashing and signing: keys sorted by UTF-16 code unit, no white space, bigint as integer
 * (the ordering and number rules of RFC 8785 for the values KIKI uses). `undefined` members are left out.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('canonical JSON has no NaN or infinity');
    return String(value);
  }
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'object' && value !== null) return canonicalObject(value);
  return JSON.stringify(value) ?? 'null';
}

function canonicalObject(value: object): string {
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const key of sorted(Object.keys(members))) {
    const member = members[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${quotedKey(key)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}

/** By UTF-16 code unit. Few keys, mostly in order already: cheaper than a general sort. */
function sorted(keys: string[]): string[] {
  if (keys.length > MANY_KEYS) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] ?? '';
    let at = i;
    for (; at > 0 && (keys[at - 1] ?? '') > key; at--) keys[at] = keys[at - 1] ?? '';
    keys[at] = key;
  }
  return keys;
}

/** Keys come again and again, but not all of them are chosen by us: few and short ones are kept. */
const MAX_KEYS = 1_024;
const MAX_KEY_LENGTH = 64;
const keys = new Map<string, string>();

function quotedKey(key: string): string {
  let text = keys.get(key);
  if (text === undefined) {
    text = quoted(key);
    if (keys.size < MAX_KEYS && key.length <= MAX_KEY_LENGTH) keys.set(key, text);
  }
  return text;
}

function quoted(text: string): string {
  return WORTH_A_LOOK.test(text) ? JSON.stringify(text) : `"${text}"`;
}
