import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** What is in force and waits. */
interface Totals {
  readonly killSwitches: number;
  readonly policies: number;
  readonly approvals: number;
}

/** Gauges of kill switches, policies and approvals. */
export class ControlMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private readonly kills;
  private readonly policies;
  private readonly approvals;

  constructor(
    private readonly read: () => Promise<Totals>,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.kills = metrics.gauge({
      name: 'kill_switches_active',
      help: 'Kill switches that are on.',
    });
    this.policies = metrics.gauge({
      name: 'policies_in_force',
      help: 'Tenants with a policy in force.',
    });
    this.approvals = metrics.gauge({
      name: 'approvals_pending',
      help: 'Changes that wait for a second key.',
    });
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const { killSwitches, policies, approvals } = await this.read();
        this.kills.set(killSwitches);
        this.policies.set(policies);
        this.approvals.set(approvals);
      } catch (error) {
        this.logger.debug('totals of controls could not be read', { error });
      }
      await this.clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }
}
