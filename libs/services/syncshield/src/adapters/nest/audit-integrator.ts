import { DomainError, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { AuditObserver } from '../../application/audit-observer.js';
import type { IntegrateAudit } from '../../application/integrate-audit.js';

/** What the loop is made of. */
export interface AuditIntegratorParts {
  readonly integrate: IntegrateAudit;
  /** Opens the signing key. */
  readonly openKey: () => Promise<void>;
  readonly observer: AuditObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Leads the trees after the audit logs; any number of processes may run one. */
export class AuditIntegrator implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly parts: AuditIntegratorParts,
    private readonly everyMs: number,
  ) {}

  /** @throws audit_key_missing, audit_key_unreadable */
  async onApplicationBootstrap(): Promise<void> {
    await this.parts.openKey();
    await this.parts.integrate.open();
    this.running = this.run();
  }

  /** What was acknowledged is signed and anchored before the process ends. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    if (this.running !== undefined) await this.pass();
  }

  private async run(): Promise<void> {
    const { clock } = this.parts;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const hasMore = await this.pass();
      if (!hasMore) await clock.sleep(this.everyMs, signal).catch(() => undefined);
    }
  }

  private async pass(): Promise<boolean> {
    const { integrate, observer, clock, logger } = this.parts;
    const startedMs = clock.monotonicMs();
    try {
      const { totals, hasMore, alarms } = await integrate.execute();
      for (const alarm of alarms) {
        logger.error('the audit log contradicts what was signed; nothing is signed', { alarm });
      }
      observer.passed(totals, (clock.monotonicMs() - startedMs) / 1_000);
      return hasMore;
    } catch (error) {
      observer.failed();
      const code = DomainError.is(error) ? error.code : 'internal';
      logger.warn('the audit logs could not be signed, will retry', { code, error });
      return false;
    }
  }
}
