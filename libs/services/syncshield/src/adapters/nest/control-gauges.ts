import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import { Periodically } from './periodically.js';

/** What is in force and waits. */
interface Totals {
  readonly killSwitches: number;
  readonly policies: number;
  readonly approvals: number;
}

/** Gauges of kill switches, policies and approvals. */
export class ControlGauges extends Periodically {
  constructor(
    read: () => Promise<Totals>,
    everyMs: number,
    clock: Clock,
    logger: Logger,
    metrics: Metrics,
  ) {
    const gauge = (name: string, help: string) => metrics.gauge({ name, help });
    const kills = gauge('kill_switches_active', 'Kill switches that are on.');
    const policies = gauge('policies_in_force', 'Tenants with a policy in force.');
    const approvals = gauge('approvals_pending', 'Changes that wait for a second key.');
    const run = async (): Promise<void> => {
      const totals = await read();
      kills.set(totals.killSwitches);
      policies.set(totals.policies);
      approvals.set(totals.approvals);
    };
    super([{ name: 'reading totals of controls', everyMs, run }], clock, logger);
  }
}
