import { LiveChannels, Peers, UrlSigner } from '@kiki/auth';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock, Random } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import { Queues } from '@kiki/queue';
import { SubjectData, SubjectDataController, subjectDataProviders } from '@kiki/subject-data';
import type { DynamicModule, Provider } from '@nestjs/common';
import { GrpcAlivePredictions } from './adapters/grpc/grpc-alive-predictions.js';
import { GrpcTransactionSink } from './adapters/grpc/grpc-transaction-sink.js';
import { EventsController } from './adapters/http/events.controller.js';
import { FrequencyCapController } from './adapters/http/frequency-cap.controller.js';
import { JourneysController } from './adapters/http/journeys.controller.js';
import { OneClickBodies } from './adapters/http/one-click-bodies.js';
import { ProfilesController } from './adapters/http/profiles.controller.js';
import { SegmentsController } from './adapters/http/segments.controller.js';
import { UnsubscribeController } from './adapters/http/unsubscribe.controller.js';
import {
  PrometheusDeliveryMeter,
  PrometheusIntakeMeter,
} from './adapters/metrics/engage-meters.js';
import { OutboxGauges } from './adapters/metrics/outbox-gauges.js';
import { PostgresEventStore } from './adapters/postgres/postgres-event-store.js';
import { PostgresJourneys } from './adapters/postgres/postgres-journeys.js';
import { PostgresMessages } from './adapters/postgres/postgres-messages.js';
import { PostgresOutbox } from './adapters/postgres/postgres-outbox.js';
import { PostgresProfiles } from './adapters/postgres/postgres-profiles.js';
import { PostgresSegments } from './adapters/postgres/postgres-segments.js';
import { EngageSubjectData } from './adapters/privacy/engage-subject-data.js';
import { QueuedEngageJobs } from './adapters/queue/queued-engage-jobs.js';
import { ShieldSpendAuthority } from './adapters/shield/shield-spend-authority.js';
import { NoMailer } from './adapters/smtp/no-mailer.js';
import { SmtpMailer } from './adapters/smtp/smtp-mailer.js';
import { parseSmtpUrl } from './adapters/smtp/smtp-server-url.js';
import { AskConsent } from './application/ask-consent.js';
import { ComposeMail } from './application/compose-mail.js';
import { EventStore } from './application/event-store.js';
import { ForwardTransactions } from './application/forward-transactions.js';
import { IngestEvents } from './application/ingest-events.js';
import { Journeys } from './application/journeys.js';
import { Mailer } from './application/mailer.js';
import { Messages } from './application/messages.js';
import { DeliveryMeter, IntakeMeter } from './application/meters.js';
import { Outbox, TransactionSink } from './application/outbox.js';
import { Profiles } from './application/profiles.js';
import { RefreshSegments } from './application/refresh-segments.js';
import { RunJourney } from './application/run-journey.js';
import { SaveJourney } from './application/save-journey.js';
import { AlivePredictions, EngageJobs, Segments } from './application/segments.js';
import { SendMessages } from './application/send-messages.js';
import { SettleMessages } from './application/settle-messages.js';
import { SpendAuthority } from './application/spend-authority.js';
import { StartRun } from './application/start-run.js';
import { TendEngagement } from './application/tend-engagement.js';
import { Unsubscribe } from './application/unsubscribe.js';
import { consentProviders } from './syncengage.consent.js';
import { backgroundWork } from './syncengage.background.js';
import type { SyncengageConfig } from './syncengage.config.js';

/**
 * Holds outlast a chunk by far; the grace covers a SyncShield that is away when a mail has gone
 * out.
 */
const HOLD_TIMES = { expiresInMs: 600_000, graceMs: 3_600_000 };

/** The composition root of SyncEngage. */
export function syncengageModule(config: SyncengageConfig): DynamicModule {
  return {
    module: class SyncengageModule {},
    controllers: [
      EventsController,
      ProfilesController,
      SegmentsController,
      JourneysController,
      FrequencyCapController,
      UnsubscribeController,
      SubjectDataController,
    ],
    providers: [
      OneClickBodies,
      ...stores(config),
      ...outside(config),
      ...consentProviders(),
      ...useCases(config),
      backgroundWork(config),
    ],
  };
}

function stores(config: SyncengageConfig): Provider[] {
  return [
    {
      provide: EventStore,
      inject: [Database],
      useFactory: (db: Database) => new PostgresEventStore(db, config.defaultCurrency),
    },
    provide(PostgresProfiles, [Database], Profiles),
    provide(EngageSubjectData, [Database, Clock], SubjectData),
    ...subjectDataProviders,
    provide(PostgresOutbox, [Database], Outbox),
    provide(PostgresSegments, [Database], Segments),
    provide(PostgresJourneys, [Database], Journeys),
    provide(PostgresMessages, [Database], Messages),
    provide(QueuedEngageJobs, [Queues], EngageJobs),
    provide(PrometheusIntakeMeter, [Metrics], IntakeMeter),
    provide(PrometheusDeliveryMeter, [Metrics], DeliveryMeter),
    provide(OutboxGauges, [Outbox, Clock, Metrics]),
  ];
}

function outside(config: SyncengageConfig): Provider[] {
  const { valueTimeoutMs } = config;
  return [
    {
      provide: SyncValueClient,
      inject: [Peers],
      useFactory: (peers: Peers) =>
        new SyncValueClient({
          target: peers.url('syncvalue'),
          headers: (tenant) => peers.headers(tenant),
        }),
    },
    {
      provide: SpendAuthority,
      inject: [Peers],
      useFactory: (peers: Peers) => {
        const headers = (tenant: string) => peers.headers(tenant);
        const client = new SyncShieldClient({ baseUrl: peers.url('syncshield'), headers });
        return new ShieldSpendAuthority(client, HOLD_TIMES);
      },
    },
    {
      provide: AlivePredictions,
      inject: [SyncValueClient],
      useFactory: (client: SyncValueClient) => new GrpcAlivePredictions(client, valueTimeoutMs),
    },
    {
      provide: TransactionSink,
      inject: [SyncValueClient],
      useFactory: (client: SyncValueClient) => new GrpcTransactionSink(client, valueTimeoutMs),
    },
    { provide: Mailer, useFactory: () => mailer(config) },
    {
      provide: ComposeMail,
      inject: [UrlSigner, Clock, Peers],
      useFactory: (signer: UrlSigner, clock: Clock, peers: Peers) =>
        new ComposeMail(signer, clock, {
          publicUrl: config.publicUrl ?? peers.url('syncengage'),
          domain: domainOf(config.mailFrom),
          unsubscribeTtlMs: config.unsubscribeTtlMs,
        }),
    },
  ];
}

function mailer(config: SyncengageConfig): Mailer {
  if (config.smtpUrl === undefined) return new NoMailer();
  return new SmtpMailer({
    server: parseSmtpUrl(config.smtpUrl),
    from: config.mailFrom,
    fromAddress: addressOf(config.mailFrom),
    domain: domainOf(config.mailFrom),
    connections: config.smtpConnections,
    timeoutMs: config.smtpTimeoutMs,
  });
}

function addressOf(mailbox: string): string {
  return (/<([^<>]+)>$/.exec(mailbox)?.[1] ?? mailbox).trim();
}

function domainOf(mailbox: string): string {
  return addressOf(mailbox).split('@').at(-1) ?? 'localhost';
}

function useCases(config: SyncengageConfig): Provider[] {
  const { isOptInRequired } = config;
  const time = (clock: Clock, random: Random) => ({ clock, random });
  return [
    {
      provide: IngestEvents,
      inject: [EventStore, Clock, Random, IntakeMeter],
      useFactory: (store: EventStore, clock: Clock, random: Random, meter: IntakeMeter) =>
        new IngestEvents(store, clock, random, meter, config.defaultCurrency),
    },
    provide(ForwardTransactions, [Outbox, TransactionSink, Clock, Random, Logger]),
    provide(Unsubscribe, [Profiles, Clock]),
    provide(SaveJourney, [Journeys, Clock, Random]),
    provide(StartRun, [Journeys, EngageJobs, Clock, Random]),
    provide(SettleMessages, [Messages, SpendAuthority, Clock]),
    {
      provide: RefreshSegments,
      inject: [Profiles, Segments, AlivePredictions, Clock, Random],
      useFactory: (
        profiles: Profiles,
        segments: Segments,
        predictions: AlivePredictions,
        clock: Clock,
        random: Random,
      ) =>
        new RefreshSegments(profiles, segments, predictions, time(clock, random), {
          thresholds: config,
          maxAgeMs: config.segmentMaxAgeMs,
        }),
    },
    {
      provide: SendMessages,
      inject: [
        ...[Messages, SpendAuthority, AskConsent, Mailer, ComposeMail, LiveChannels, Clock],
        DeliveryMeter,
      ],
      useFactory: (
        ...[messages, spend, consent, mail, compose, liveChannels, clock, meter]: [
          ...[Messages, SpendAuthority, AskConsent, Mailer, ComposeMail, LiveChannels, Clock],
          DeliveryMeter,
        ]
      ) =>
        new SendMessages(
          { messages, spend, consent, mailer: mail, compose, liveChannels },
          clock,
          { isOptInRequired, maxAttempts: config.mailAttempts },
          meter,
        ),
    },
    {
      provide: RunJourney,
      inject: [
        ...[Journeys, Segments, Messages, LiveChannels, RefreshSegments, SendMessages],
        ...[SettleMessages, Clock, Random],
      ],
      useFactory: (
        ...[journeys, segments, messages, liveChannels, refresh, send, settle, clock, random]: [
          ...[Journeys, Segments, Messages, LiveChannels, RefreshSegments, SendMessages],
          ...[SettleMessages, Clock, Random],
        ]
      ) =>
        new RunJourney(
          { journeys, segments, messages, liveChannels, refresh, send, settle },
          time(clock, random),
          {
            isOptInRequired,
            defaultCap: { maxMessages: config.capMessages, windowMs: config.capWindowMs },
          },
        ),
    },
    {
      provide: TendEngagement,
      inject: [Messages, Journeys, Segments, SettleMessages, EngageJobs, Clock],
      useFactory: (
        ...[messages, journeys, segments, settle, jobs, clock]: [
          ...[Messages, Journeys, Segments, SettleMessages, EngageJobs, Clock],
        ]
      ) =>
        new TendEngagement({ messages, journeys, segments }, settle, jobs, clock, {
          // A kept connection and a fresh one may each take the whole time.
          sendingLeaseMs: 3 * config.smtpTimeoutMs + 10_000,
          stalledAfterMs: config.stalledAfterMs,
        }),
    },
    readiness(config),
  ];
}

/** What `/ready` says about mail and orders; neither makes the service unready. */
function readiness(config: SyncengageConfig): Provider {
  return {
    provide: 'syncengage:readiness',
    inject: [Readiness, OutboxGauges],
    useFactory: (checks: Readiness, outbox: OutboxGauges) => {
      checks.add('mail', async () =>
        config.smtpUrl === undefined
          ? { status: 'degraded', reason: 'SYNCENGAGE_SMTP_URL is not set' }
          : { status: 'up' },
      );
      checks.add('outbox', async () => ({
        status: outbox.lagMs > 60_000 ? 'degraded' : 'up',
        lagMs: outbox.lagMs,
      }));
      return checks;
    },
  };
}
