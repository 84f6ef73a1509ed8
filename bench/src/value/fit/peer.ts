import { spawnSync } from 'node:child_process';

const PYTHON = `
import json, sys, time
import pandas as pd
from lifetimes import BetaGeoFitter
rows = pd.read_json(sys.stdin, orient="split")
samples = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    model = BetaGeoFitter().fit(rows["x"], rows["t_x"], rows["T"])
    samples.append(1000 * (time.perf_counter() - start))
print(json.dumps(samples))
`;

/** Customers as columns. */
export interface PeerRows {
  readonly frequency: ArrayLike<number>;
  readonly recency: ArrayLike<number>;
  readonly age: ArrayLike<number>;
}

/** Milliseconds of the same BG/NBD fit in Python's lifetimes; undefined where it is not installed. */
export function lifetimesFit(rows: PeerRows, rounds: number): number[] | undefined {
  const data = Array.from(rows.frequency, (x, i) => [x, rows.recency[i], rows.age[i]]);
  const input = JSON.stringify({ columns: ['x', 't_x', 'T'], index: [...data.keys()], data });
  const { status, stdout } = spawnSync('python3', ['-c', PYTHON, String(rounds)], {
    ...{ input, encoding: 'utf8', maxBuffer: 1 << 20 },
  });
  return status === 0 ? (JSON.parse(stdout) as number[]) : undefined;
}
