import type { Subject } from './subject-data.js';

/** Every text that names the subject. */
export function identifiersOf({ customerIds, email }: Subject): string[] {
  return [...customerIds, ...(email === undefined ? [] : [email, email.toLowerCase()])];
}

/** Whether any text inside a JSON value equals one of the identifiers. */
export function mentions(value: unknown, identifiers: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return identifiers.has(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => mentions(member, identifiers));
}

/** The identifiers as they stand in JSON text, with their quotes, for `position(… in …)` in SQL. */
export function quoted(identifiers: readonly string[]): string[] {
  return [...new Set(identifiers.map((text) => JSON.stringify(text)))];
}
