type Describe = ((title: string, body: () => void) => void) & { skip: Describe };

/**
 * A `describe` that is skipped, with its reason printed and in the title, when there is one.
 * Jest's globals are looked up when called, so that programs other than Jest may load this package.
 */
export function describeUnless(reason: string | undefined, title: string, body: () => void): void {
  const { describe } = globalThis as unknown as { describe: Describe };
  if (reason === undefined) return describe(title, body);
  process.stdout.write(`skipped: ${title}: ${reason}\n`);
  describe.skip(`${title} (skipped: ${reason})`, body);
}
