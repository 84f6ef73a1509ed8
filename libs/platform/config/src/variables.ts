import { z } from 'zod';

/** `true/false`, `1/0`, `yes/no`, `on/off`. */
export const flag = (byDefault: boolean) =>
  z.stringbool({ error: 'true or false' }).default(byDefault);

/** A whole number within bounds; the unit belongs into the variable's name and doc. */
export function integer(options: {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}) {
  const expected = `a whole number from ${options.min} to ${options.max}`;
  return z
    .string()
    .regex(/^-?\d+$/, expected)
    .transform(Number)
    .pipe(z.number().min(options.min, expected).max(options.max, expected))
    .default(options.default);
}

/** A TCP port; 0 lets the system choose. */
export const port = (byDefault: number) => integer({ min: 0, max: 65_535, default: byDefault });

/** An absolute URL with one of the schemes, e.g. `url(['http', 'https'])`; its trailing slashes are cut. */
export function url(schemes: readonly string[]) {
  const expected = `a URL such as ${schemes[0]}://host:port`;
  return z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)),
      expected,
    )
    .transform((text) => text.replace(/\/+$/, ''));
}

/** Entries separated by commas, without white space around them. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Origins such as `http://cdn.internal:8080`, separated by commas; none by default. */
export function origins() {
  return z
    .string()
    .default('')
    .transform((text, context) =>
      listOf(text).map((entry) => {
        const target = URL.parse(entry);
        if (target && /^https?:$/.test(target.protocol)) return target.origin;
        context.addIssue('origins such as http://cdn.internal:8080, separated by commas');
        return z.NEVER;
      }),
    );
}
