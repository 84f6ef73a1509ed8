import { ConsentClient } from '@kiki/contract-syncshield';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Queues } from '@kiki/queue';
import type { Provider } from '@nestjs/common';
import { OutboxGauges } from './adapters/metrics/outbox-gauges.js';
import { BackgroundWork } from './adapters/queue/background-work.js';
import { EngageProcessor } from './adapters/queue/engage.processor.js';
import { Loop } from './adapters/queue/loop.js';
import { SmtpMailer } from './adapters/smtp/smtp-mailer.js';
import { ForwardConsents } from './application/forward-consents.js';
import { ForwardTransactions } from './application/forward-transactions.js';
import { Journeys } from './application/journeys.js';
import { Mailer } from './application/mailer.js';
import { RefreshSegments } from './application/refresh-segments.js';
import { RunJourney } from './application/run-journey.js';
import { TendEngagement } from './application/tend-engagement.js';
import type { SyncengageConfig } from './syncengage.config.js';

const DEPENDENCIES = [
  ...[Queues, RefreshSegments, RunJourney, Journeys, Clock, Logger],
  ...[ForwardTransactions, OutboxGauges, TendEngagement, Mailer, SyncValueClient],
  ...[ForwardConsents, ConsentClient],
] as const;

type Dependencies = [
  ...[Queues, RefreshSegments, RunJourney, Journeys, Clock, Logger],
  ...[ForwardTransactions, OutboxGauges, TendEngagement, Mailer, SyncValueClient],
  ...[ForwardConsents, ConsentClient],
];

/** What the service does by itself: jobs, forwarding orders, picking up what a crash left. */
export function backgroundWork(config: SyncengageConfig): Provider {
  return {
    provide: BackgroundWork,
    inject: [...DEPENDENCIES],
    useFactory: (
      ...[
        queues,
        refresh,
        run,
        journeys,
        clock,
        logger,
        forward,
        gauges,
        tend,
        mailer,
        value,
        forwardConsents,
        consents,
      ]: Dependencies
    ) => {
      const processor = new EngageProcessor({ queues, refresh, run, journeys, clock, logger });
      const loops = [
        {
          name: 'forwarding orders',
          everyMs: config.outboxIntervalMs,
          work: async () => {
            await forward.execute();
            await gauges.update();
          },
        },
        {
          name: 'forwarding consent',
          everyMs: config.outboxIntervalMs,
          work: () => forwardConsents.execute(),
        },
        { name: 'tending', everyMs: config.tendIntervalMs, work: () => tend.execute() },
      ];
      const closables =
        mailer instanceof SmtpMailer ? [mailer, value, consents] : [value, consents];
      return new BackgroundWork(
        processor,
        loops.map((options) => new Loop(options, clock, logger)),
        closables,
      );
    },
  };
}
