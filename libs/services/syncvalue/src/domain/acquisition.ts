import type { AcquisitionAttributes } from '@kiki/clv';

/** An attribute and the day of the transaction that it comes from, days since 1970-01-01. */
export interface DatedAttribute {
  readonly name: string;
  readonly value: string;
  readonly day: number;
}

const MAX_ATTRIBUTES = 8;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/;
const MAX_VALUE_LENGTH = 64;
const UNUSABLE = /[\u0000-\u001f\u007f\ufffd]/;

/** What is expected of attributes, for the messages of refusals. */
export const ATTRIBUTES_EXPECTED =
  `up to ${MAX_ATTRIBUTES} attributes with names like first_product and values of up to ` +
  `${MAX_VALUE_LENGTH} characters`;

/** True for what may be kept: few attributes with short names and values without control characters. */
export function areUsableAttributes(attributes: AcquisitionAttributes): boolean {
  const all = Object.entries(attributes);
  if (all.length > MAX_ATTRIBUTES) return false;
  return all.every(
    ([name, value]) => NAME.test(name) && value.length <= MAX_VALUE_LENGTH && !UNUSABLE.test(value),
  );
}

/** The attributes without those whose value is empty; undefined where none is left. */
export function givenAttributes(
  attributes: AcquisitionAttributes | undefined,
): AcquisitionAttributes | undefined {
  if (attributes === undefined) return undefined;
  const given = Object.entries(attributes).filter(([, value]) => value !== '');
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The attributes known at the end of a day; undefined where none was. */
export function attributesAt(
  known: readonly DatedAttribute[],
  day: number,
): AcquisitionAttributes | undefined {
  const then = known.filter((attribute) => attribute.day <= day);
  if (then.length === 0) return undefined;
  return Object.fromEntries(then.map(({ name, value }) => [name, value]));
}
