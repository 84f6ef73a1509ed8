import { randomBytes } from 'node:crypto';

/** The only source of randomness; injected everywhere so that a seed replays a run. */
export abstract class Random {
  /** A uniform 32-bit unsigned integer. */
  abstract nextUint32(): number;
  /** `length` random bytes. */
  abstract bytes(length: number): Uint8Array;

  /** A uniform double in [0, 1) with 53 random bits. */
  nextDouble(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** A uniform integer in [0, bound), without modulo bias. */
  nextInt(bound: number): number {
    if (!Number.isInteger(bound) || bound <= 0 || bound > 0x1_0000_0000) {
      throw new RangeError('bound must be an integer from 1 to 2^32');
    }
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    for (;;) {
      const value = this.nextUint32();
      if (value < limit) return value % bound;
    }
  }
}

/** The operating system's generator; for ids and secrets. */
export class SystemRandom extends Random {
  override nextUint32(): number {
    return randomBytes(4).readUInt32LE(0);
  }

  override bytes(length: number): Uint8Array {
    return randomBytes(length);
  }
}

/** xoshiro128** by Blackman and Vigna, seeded by splitmix32; for simulations and tests, never for secrets. */
export class SeededRandom extends Random {
  private readonly state = new Uint32Array(4);

  constructor(seed: number) {
    super();
    let x = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.state[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  override nextUint32(): number {
    const s = this.state as unknown as [number, number, number, number];
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  override bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.nextUint32() & 0xff);
  }
}
