/**
 * Why a suite of a minute is left out of the gate, which has fifteen for everything; undefined when it is asked
 * for.
 */
export function tooLong(): string | undefined {
  return process.env['KIKI_LONG_TESTS'] === undefined
    ? 'KIKI_LONG_TESTS=1 runs it, the gate has no time for it'
    : undefined;
}
