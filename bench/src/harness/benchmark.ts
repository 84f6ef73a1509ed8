/** One measured quantity: every sample that was taken of it. */
export interface Figure {
  readonly name: string;
  /** e.g. `ms`, `requests/s`, `MiB`, `ratio`. */
  readonly unit: string;
  readonly samples: readonly number[];
}

/** What a figure's median has to reach. */
export interface Target {
  readonly figure: string;
  readonly relation: '<' | '<=' | '>=' | '>';
  readonly bound: number;
}

/** How a benchmark is run. */
export interface BenchOptions {
  /** Interleaved rounds of ours and the peer. */
  readonly rounds: number;
  /** Prints a line about what happens now. */
  note(line: string): void;
}

/** Ours against a peer or a physical limit, in one run. */
export interface Benchmark {
  /** `<area>.<name>`, as `npm run bench -- <area.name>` names it. */
  readonly name: string;
  /** One sentence: what is compared with what. */
  readonly about: string;
  readonly targets: readonly Target[];
  run(options: BenchOptions): Promise<readonly Figure[]>;
}
