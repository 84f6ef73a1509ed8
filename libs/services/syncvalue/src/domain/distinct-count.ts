import { hash } from 'node:crypto';

/** How many are counted one by one. */
const MAX_EXACT = 100_000;
const INDEX_BITS = 14;
const REGISTERS = 2 ** INDEX_BITS;
/** Bias of the harmonic mean, Flajolet et al. 2007, fig. 3. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

/** Counts distinct texts in bounded memory: one by one at first, then with a standard error of .8 %. */
export class DistinctCount {
  private exact = new Set<string>();
  private sketch: Sketch | undefined;

  constructor(private readonly maxExact = MAX_EXACT) {}

  get isEstimated(): boolean {
    return this.sketch !== undefined;
  }

  get count(): number {
    return this.sketch?.estimate() ?? this.exact.size;
  }

  add(text: string): void {
    if (this.sketch !== undefined) return this.sketch.add(text);
    this.exact.add(text);
    if (this.exact.size <= this.maxExact) return;
    this.sketch = new Sketch();
    for (const one of this.exact) this.sketch.add(one);
    this.exact = new Set();
  }
}

/**
 * HyperLogLog in 16 KiB: each register keeps the longest run of zeros among the hashes that share its index. Flajolet,
 * Fusy, Gandouet, Meunier 2007, fig. 3; with 64 bits of hash there is no correction for large counts.
 */
class Sketch {
  private readonly registers = new Uint8Array(REGISTERS);

  add(text: string): void {
    const bits = hash('sha256', text, 'buffer');
    const index = bits.readUInt32BE(0) >>> (32 - INDEX_BITS);
    const rank = 1 + Math.clz32(bits.readUInt32BE(4));
    // A rank of 33 means 32 zeros: nobody has the 7e13 customers at which that would matter.
    this.registers[index] = Math.max(this.registers[index] ?? 0, rank);
  }

  estimate(): number {
    let [sum, empty] = [0, 0];
    for (const rank of this.registers) {
      sum += 2 ** -rank;
      if (rank === 0) empty += 1;
    }
    const raw = (ALPHA * REGISTERS ** 2) / sum;
    const isSparse = raw <= 2.5 * REGISTERS && empty > 0;
    return Math.round(isSparse ? REGISTERS * Math.log(REGISTERS / empty) : raw);
  }
}
