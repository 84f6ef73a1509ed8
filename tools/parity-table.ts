import { readText } from './repository.ts';

/** How far a promise is kept. */
export const STATES = ['proven', 'partial', 'planned'] as const;

/** One row of docs/PARITY.md. */
export interface ParityRow {
  readonly part: string;
  readonly promise: string;
  readonly state: string;
  /** Commands, without backticks; empty when nothing is built. */
  readonly proof: string;
  readonly note: string;
}

/** The rows of docs/PARITY.md, in order. */
export function parityRows(): ParityRow[] {
  return readText('docs/PARITY.md')
    .split('\n')
    .filter((line) => /^\| (?!part |-)/.test(line))
    .map((line) => {
      const [part = '', promise = '', state = '', proof = '', note = ''] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return { part, promise, state, proof: proof.replaceAll('`', ''), note };
    });
}
