import type { Figure, Target } from '../harness/benchmark.js';

/** How a torture run is asked for. */
export interface TortureOptions {
  readonly seed: number;
  /** Shortest time under load, minutes. */
  readonly minutes: number;
  /** How often something is killed, for tortures that count kills instead of minutes. */
  readonly kills: number;
  /** Runs a build in which a commit is broken; the run has to fail then. */
  readonly isSabotaged: boolean;
  /** Which safeguard is taken out of that build, where a torture knows several. */
  readonly sabotage: string;
  /** The parts that are run, where a torture has several: they share the time. @default all */
  readonly parts: readonly string[] | undefined;
  note(line: string): void;
}

/** Faults under load, with what must hold afterwards as targets. */
export interface Torture {
  readonly name: string;
  readonly about: string;
  readonly targets: readonly Target[];
  run(options: TortureOptions): Promise<readonly Figure[]>;
}
