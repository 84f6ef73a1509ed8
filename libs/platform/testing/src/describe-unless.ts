type Named = ((title: string, body: () => unknown) => void) & {
  skip: (title: string, body: () => unknown) => void;
};

/**
 * A `describe` that is skipped, with its reason printed and in the title, when there is one.
 * Jest's globals are looked up when called, so that programs other than Jest may load this package.
 */
export function describeUnless(reason: string | undefined, title: string, body: () => void): void {
  unless('describe', reason, title, body);
}

/** The same of one test. */
export function itUnless(
  reason: string | undefined,
  title: string,
  body: () => Promise<void> | void,
): void {
  unless('it', reason, title, body);
}

function unless(
  global: 'describe' | 'it',
  reason: string | undefined,
  title: string,
  body: () => unknown,
): void {
  const named = (globalThis as unknown as Record<typeof global, Named>)[global];
  if (reason === undefined) return named(title, body);
  process.stdout.write(`skipped: ${title}: ${reason}\n`);
  named.skip(`${title} (skipped: ${reason})`, body);
}
