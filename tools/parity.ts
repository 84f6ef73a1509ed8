/** Prints docs/PARITY.md as a table with a count per state: `npm run parity`. */
import { parityRows, STATES } from './parity-table.ts';

const rows = parityRows();
for (const { part, promise, state, proof, note } of rows) {
  console.log(`${state.padEnd(8)} ${part.padEnd(12)} ${promise}${note === '' ? '' : ` (${note})`}`);
  if (proof !== '') console.log(`${' '.repeat(22)}$ ${proof}`);
}
const counts = STATES.map((s) => `${rows.filter(({ state }) => state === s).length} ${s}`);
console.log(`\n${rows.length} promises: ${counts.join(', ')}`);
