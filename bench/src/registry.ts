import type { Benchmark } from './harness/benchmark.js';
import { hostBench } from './platform/host-bench.js';
import { auditBench } from './shield/audit-bench.js';
import { consentBench } from './shield/consent-bench.js';
import { holdsBench } from './shield/holds-bench.js';
import { lateBench } from './shield/late-bench.js';
import { policyBench } from './shield/policy-bench.js';
import { leasesBench } from './shield/leases-bench.js';
import { replicasBench } from './shield/replicas-bench.js';
import { windowsBench } from './shield/windows-bench.js';
import { backtestBench } from './value/backtest-bench.js';
import { engineBench } from './value/engine-bench.js';
import { fitBench } from './value/fit-bench.js';
import { largeBench } from './value/large-bench.js';
import { parityBench } from './value/parity-bench.js';
import { recoveryBench } from './value/recovery-bench.js';
import { serveBench } from './value/serve-bench.js';

/** Every benchmark that `npm run bench` knows. */
export const benchmarks: readonly Benchmark[] = [
  hostBench,
  auditBench,
  consentBench,
  holdsBench,
  lateBench,
  policyBench,
  leasesBench,
  replicasBench,
  windowsBench,
  backtestBench,
  engineBench,
  fitBench,
  largeBench,
  parityBench,
  recoveryBench,
  serveBench,
];
