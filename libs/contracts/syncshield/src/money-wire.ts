import { microsFromWire } from '@kiki/kernel';

/** An answer whose amounts (`…Micros`) are bigints. */
export type Bigints<T> = T extends readonly (infer I)[]
  ? Bigints<I>[]
  : T extends object
    ? {
        [K in keyof T]: K extends `${string}Micros`
          ? Exclude<T[K], number> | bigint
          : Bigints<T[K]>;
      }
    : T;

/** Makes bigints of all amounts of an answer; the rest stays. */
export function withBigints<T>(value: T): Bigints<T> {
  return convert(value) as Bigints<T>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => [
      name,
      name.endsWith('Micros') && typeof member === 'number'
        ? microsFromWire(member, name)
        : convert(member),
    ]),
  );
}
