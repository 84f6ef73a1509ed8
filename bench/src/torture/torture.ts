import type { Figure, Target } from '../harness/benchmark.js';

/** How a torture run is asked for. */
export interface TortureOptions {
  readonly seed: number;
  /** Shortest time under load, minutes. */
  readonly minutes: number;
  /** Runs a build in which one `await` of a commit is missing; the run has to fail then. */
  readonly isSabotaged: boolean;
  note(line: string): void;
}

/** Faults under load, with what must hold afterwards as targets. */
export interface Torture {
  readonly name: string;
  readonly about: string;
  readonly targets: readonly Target[];
  run(options: TortureOptions): Promise<readonly Figure[]>;
}
