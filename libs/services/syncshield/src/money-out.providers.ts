import { rootSecret } from '@kiki/config';
import { provide } from '@kiki/host';
import { Clock, Random } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import { Queues } from '@kiki/queue';
import type { FactoryProvider } from '@nestjs/common';
import { EventsController } from './adapters/http/events.controller.js';
import { ExternalSpendController } from './adapters/http/external-spend.controller.js';
import { PacingController } from './adapters/http/pacing.controller.js';
import { StatementsController } from './adapters/http/statements.controller.js';
import { WebhooksController } from './adapters/http/webhooks.controller.js';
import { MoneyOutMetrics } from './adapters/metrics/money-out-metrics.js';
import { EventDeliverer } from './adapters/nest/event-deliverer.js';
import { Periodically, type PeriodicTask } from './adapters/nest/periodically.js';
import { BudgetChanges } from './adapters/postgres/budget-change.js';
import { PostgresEvents } from './adapters/postgres/postgres-events.js';
import { PostgresExternalSpend } from './adapters/postgres/postgres-external-spend.js';
import { PostgresOutbox } from './adapters/postgres/postgres-outbox.js';
import { PostgresPacing } from './adapters/postgres/postgres-pacing.js';
import { PostgresStatements } from './adapters/postgres/postgres-statements.js';
import { PostgresThresholds } from './adapters/postgres/postgres-thresholds.js';
import { PostgresWebhooks } from './adapters/postgres/postgres-webhooks.js';
import { noteSpend, thinSamples } from './adapters/postgres/spend-samples.js';
import { QueueEventSender } from './adapters/queue/queue-event-sender.js';
import { HttpWebhookSender } from './adapters/webhook/http-webhook-sender.js';
import { permittedUrl } from './adapters/webhook/webhook-url.js';
import { Decide } from './application/decide.js';
import { DeliverEvents } from './application/money-out/deliver-events.js';
import { ExportObserver } from './application/money-out/delivery-observer.js';
import { Events } from './application/money-out/events.js';
import { ExternalSpend } from './application/money-out/external-spend.js';
import { Outbox } from './application/money-out/outbox.js';
import { Pacing } from './application/money-out/pacing.js';
import { ReportExternalSpend } from './application/money-out/report-external-spend.js';
import { Statements } from './application/money-out/statements.js';
import { Thresholds } from './application/money-out/thresholds.js';
import { Webhooks } from './application/money-out/webhooks.js';
import { WebhookSecrets } from './domain/money-out/webhook.js';
import type { SyncshieldConfig } from './syncshield.config.js';

export const moneyOutControllers = [
  EventsController,
  WebhooksController,
  ExternalSpendController,
  PacingController,
  StatementsController,
];

const LONGEST_RETRY_MS = 3_600_000;
const CARRY_ON_EVERY_MS = 2_000;
const TOTALS_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = 600_000;
const DAY_MS = 86_400_000;

/** Events and their delivery, external spend, pacing, statements and exports. */
export function moneyOutProviders(config: SyncshieldConfig): FactoryProvider[] {
  return [...stores(config), ...delivery(config)];
}

function stores(config: SyncshieldConfig): FactoryProvider[] {
  const { webhookTrustedOrigins: trusted, home, rootSecret: secret } = config;
  return [
    provide(MoneyOutMetrics, [Metrics]),
    provide(PostgresEvents, [Database], Events),
    {
      provide: BudgetChanges,
      inject: [Database, Clock],
      useFactory: (database: Database, clock: Clock) => new BudgetChanges(database, clock),
    },
    provide(PostgresThresholds, [BudgetChanges], Thresholds),
    provide(PostgresPacing, [BudgetChanges], Pacing),
    {
      provide: Statements,
      inject: [Database],
      useFactory: (database: Database) => new PostgresStatements(database),
    },
    { provide: ExportObserver, inject: [MoneyOutMetrics], useFactory: (of: MoneyOutMetrics) => of },
    {
      provide: ExternalSpend,
      inject: [Database],
      useFactory: (database: Database) => new PostgresExternalSpend(database),
    },
    provide(ReportExternalSpend, [ExternalSpend, Decide, MoneyOutMetrics]),
    {
      provide: WebhookSecrets,
      useFactory: () => new WebhookSecrets(rootSecret({ home, secret })),
    },
    {
      provide: Webhooks,
      inject: [Database],
      useFactory: (database: Database) =>
        new PostgresWebhooks(database, (url) => void permittedUrl(url, trusted)),
    },
    {
      provide: Outbox,
      inject: [Database, Clock],
      useFactory: (database: Database, clock: Clock) =>
        new PostgresOutbox(database, clock, config.webhookAttempts),
    },
  ];
}

function delivery(config: SyncshieldConfig): FactoryProvider[] {
  const { webhookTimeoutMs: timeoutMs, webhookTrustedOrigins: trustedOrigins } = config;
  const schedule = {
    ...{ attempts: config.webhookAttempts, firstDelayMs: config.webhookRetryMs },
    longestDelayMs: LONGEST_RETRY_MS,
  };
  return [
    {
      provide: HttpWebhookSender,
      inject: [WebhookSecrets, Clock],
      useFactory: (secrets: WebhookSecrets, clock: Clock) =>
        new HttpWebhookSender(secrets, clock, { connectTimeoutMs: timeoutMs, trustedOrigins }),
    },
    provide(QueueEventSender, [Queues, Database]),
    {
      provide: EventDeliverer,
      inject: [Outbox, HttpWebhookSender, QueueEventSender, MoneyOutMetrics, Clock, Random, Logger],
      useFactory: (
        outbox: PostgresOutbox,
        webhooks: HttpWebhookSender,
        queue: QueueEventSender,
        ...[observer, clock, random, logger]: [MoneyOutMetrics, Clock, Random, Logger]
      ) => {
        const parts = { outbox, webhooks, queue, observer, clock, random, logger };
        const deliver = new DeliverEvents(parts, {
          schedule,
          timeoutMs,
          pollMs: config.eventPollMs,
        });
        return new EventDeliverer(deliver, () => Promise.all([outbox.close(), webhooks.close()]));
      },
    },
    {
      provide: Periodically,
      inject: [Outbox, ReportExternalSpend, MoneyOutMetrics, Database, Clock, Logger],
      useFactory: (
        outbox: Outbox,
        report: ReportExternalSpend,
        ...[metrics, database, clock, logger]: [MoneyOutMetrics, Database, Clock, Logger]
      ) => {
        const tasks = [...recording(config, report, database), ...upkeep(config, outbox, metrics)];
        return new Periodically(tasks, clock, logger);
      },
    },
  ];
}

function recording(
  { sampleIntervalMs }: SyncshieldConfig,
  report: ReportExternalSpend,
  database: Database,
): PeriodicTask[] {
  return [
    {
      ...{ name: 'recording external spend', everyMs: CARRY_ON_EVERY_MS },
      run: () => report.carryOn(),
    },
    {
      ...{ name: 'noting what is spent', everyMs: sampleIntervalMs },
      run: () => database.transaction((tx) => noteSpend(tx)),
    },
    {
      ...{ name: 'thinning notes of what was spent', everyMs: PRUNE_EVERY_MS },
      run: () => thinSamples(database),
    },
  ];
}

function upkeep(
  { eventDays }: SyncshieldConfig,
  outbox: Outbox,
  metrics: MoneyOutMetrics,
): PeriodicTask[] {
  return [
    {
      ...{ name: 'counting what waits for delivery', everyMs: TOTALS_EVERY_MS },
      run: async () => metrics.outbox(await outbox.totals()),
    },
    {
      ...{ name: 'forgetting old events', everyMs: PRUNE_EVERY_MS },
      run: () => outbox.prune(eventDays * DAY_MS),
    },
  ];
}
