/** The facts of a record that every one has, and the rest. */
export interface ParsedRecord {
  readonly v: number;
  readonly action: string;
  readonly actor: string;
  readonly atMs: number;
  readonly [fact: string]: unknown;
}

/** A record, or why it is none. */
export type RecordOrFault = { readonly record: ParsedRecord } | { readonly fault: string };

/** Versions of the record's form that are known. */
const KNOWN_VERSIONS = new Set([1]);

/** Reads a record: canonical JSON with `v`, `action`, `actor` and `atMs`. */
export function readRecord(text: string): RecordOrFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'it is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { fault: 'it is not an object' };
  }
  if (canonical(value) !== text && canonical(exactly(text)) !== text) {
    return { fault: 'it is not canonical JSON: keys in order, no white space, no key twice' };
  }
  const record = value as ParsedRecord;
  if (!KNOWN_VERSIONS.has(record.v)) return { fault: `its version ${String(record.v)} is unknown` };
  if (typeof record.action !== 'string' || !/^[a-z_]+(\.[a-z_]+)+$/.test(record.action)) {
    return { fault: 'it has no action' };
  }
  if (typeof record.actor !== 'string' || record.actor === '') return { fault: 'it has no actor' };
  if (!Number.isSafeInteger(record.atMs)) return { fault: 'it has no instant (atMs)' };
  return { record };
}

/** Keys in the order of their UTF-16 code units, as RFC 8785 wants them. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const object = value as Record<string, unknown>;
  let text = '{';
  for (const key of inOrder(Object.keys(object))) {
    if (text.length > 1) text += ',';
    text += `${quoted(key)}:${canonical(object[key])}`;
  }
  return `${text}}`;
}

/** What JSON cannot carry as it is. */
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Most records have their keys in order already. */
function inOrder(keys: string[]): string[] {
  const isSorted = keys.every((key, i) => i === 0 || (keys[i - 1] ?? '') < key);
  return isSorted ? keys : keys.sort();
}

/** The value with whole numbers of any size as they are written. */
function exactly(text: string): unknown {
  const keepWhole = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && /^-?(0|[1-9]\d*)$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? '')
      : value;
  return JSON.parse(text, keepWhole);
}
