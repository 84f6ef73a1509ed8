import { LiveChannels, Peers } from '@kiki/auth';
import { ConsentApi, ConsentClient, SyncShieldClient } from '@kiki/contract-syncshield';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import { Queues } from '@kiki/queue';
import { SubjectData, SubjectDataController, subjectDataProviders } from '@kiki/subject-data';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { HttpExchange } from './adapters/exchange/http-exchange.js';
import { GrpcCustomerValues } from './adapters/grpc/grpc-customer-values.js';
import { ValueBreaker } from './adapters/grpc/value-breaker.js';
import { ValueLink } from './adapters/grpc/value-link.js';
import { BidsController } from './adapters/http/bids.controller.js';
import { CampaignsController } from './adapters/http/campaigns.controller.js';
import { OutcomesController } from './adapters/http/outcomes.controller.js';
import { ReportsController } from './adapters/http/reports.controller.js';
import { Background } from './adapters/nest/background.js';
import { PostgresBudgetStops } from './adapters/postgres/postgres-budget-stops.js';
import { PostgresCampaigns } from './adapters/postgres/postgres-campaigns.js';
import { PostgresDecisions } from './adapters/postgres/postgres-decisions.js';
import { PostgresOutcomes } from './adapters/postgres/postgres-outcomes.js';
import { FlowSubjectData } from './adapters/privacy/flow-subject-data.js';
import { BudgetEventsProcessor } from './adapters/queue/budget-events.processor.js';
import { BidsProcessor } from './adapters/queue/bids.processor.js';
import { QueuedBidJobs } from './adapters/queue/queued-bid-jobs.js';
import { SettlementSweeper } from './adapters/queue/settlement-sweeper.js';
import { ShieldAdvertisingConsent } from './adapters/shield/shield-advertising-consent.js';
import { ShieldSpendAuthority } from './adapters/shield/shield-spend-authority.js';
import { StoppingSpendAuthority } from './adapters/shield/stopping-spend-authority.js';
import { AdvertisingConsent } from './application/advertising-consent.js';
import { BudgetStops } from './application/budget-stops.js';
import { BidJobs } from './application/bid-jobs.js';
import { Campaigns } from './application/campaigns.js';
import { CustomerValues } from './application/customer-values.js';
import { Decisions } from './application/decisions.js';
import { DigestDecisions } from './application/digest-decisions.js';
import { EnqueueBids } from './application/enqueue-bids.js';
import { Exchange } from './application/exchange.js';
import { ExecuteBidJob } from './application/execute-bid-job.js';
import { LearnConversion } from './application/learn-conversion.js';
import { Outcomes } from './application/outcomes.js';
import { PriceOpportunity } from './application/price-opportunity.js';
import { RecordOutcomes } from './application/record-outcomes.js';
import { SaveCampaign } from './application/save-campaign.js';
import { SettleOutcomes } from './application/settle-outcomes.js';
import { SpendAuthority } from './application/spend-authority.js';
import { TakeSnapshot } from './application/take-snapshot.js';
import type { SyncflowConfig } from './syncflow.config.js';

class SyncflowModule {}

/** SyncFlow's composition root. */
export function syncflowModule(config: SyncflowConfig): DynamicModule {
  return {
    module: SyncflowModule,
    controllers: [
      CampaignsController,
      ReportsController,
      BidsController,
      OutcomesController,
      SubjectDataController,
    ],
    providers: [...stores, ...peers(config), ...useCases(config), ...background(config)],
  };
}

const stores = [
  provide(PostgresCampaigns, [Database], Campaigns),
  provide(PostgresDecisions, [Database, Clock], Decisions),
  provide(PostgresOutcomes, [Database], Outcomes),
  provide(PostgresBudgetStops, [Database, Clock], BudgetStops),
  provide(QueuedBidJobs, [Queues], BidJobs),
  provide(FlowSubjectData, [BidJobs, CustomerValues], SubjectData),
  ...subjectDataProviders,
];

function peers(config: SyncflowConfig): FactoryProvider[] {
  const { valueTimeoutMs: timeoutMs, valueTtlMs: ttlMs, valueCacheEntries: maxEntries } = config;
  const breaker = { failures: config.breakerFailures, openMs: config.breakerOpenMs };
  return [
    factory(SyncValueClient, [Peers], (peers: Peers) => {
      return new SyncValueClient({
        target: peers.url('syncvalue'),
        headers: (tenant) => peers.headers(tenant),
      });
    }),
    factory(SyncShieldClient, [Peers], (peers: Peers) => {
      return new SyncShieldClient({
        baseUrl: peers.url('syncshield'),
        headers: (tenant) => peers.headers(tenant),
        timeoutMs: config.shieldTimeoutMs,
      });
    }),
    factory(ValueBreaker, [Metrics], (metrics: Metrics) => new ValueBreaker(breaker, metrics)),
    factory(
      CustomerValues,
      [SyncValueClient, ValueBreaker, Clock, Logger, Metrics],
      (
        client: SyncValueClient,
        open: ValueBreaker,
        clock: Clock,
        logger: Logger,
        metrics: Metrics,
      ) =>
        new GrpcCustomerValues(
          client,
          open,
          { timeoutMs, ttlMs, maxEntries },
          { clock, logger, metrics },
        ),
    ),
    factory(
      SpendAuthority,
      [SyncShieldClient, Clock, BudgetStops],
      (client: SyncShieldClient, clock: Clock, stops: BudgetStops) =>
        new StoppingSpendAuthority(new ShieldSpendAuthority(client, clock), stops),
    ),
    factory(ConsentClient, [Peers, Clock], (peers: Peers, clock: Clock) => {
      const headers = (tenant: string) => peers.headers(tenant);
      const baseUrl = peers.url('syncshield');
      return new ConsentClient(new ConsentApi({ baseUrl, headers }), clock);
    }),
    provide(ShieldAdvertisingConsent, [ConsentClient], AdvertisingConsent),
    factory(Exchange, [LiveChannels], (live: LiveChannels) => {
      return new HttpExchange(config.exchangeUrls, live, config.exchangeTimeoutMs);
    }),
  ];
}

function useCases(config: SyncflowConfig): FactoryProvider[] {
  const assumptions = {
    fallbackShareMilli: config.fallbackShareMilli,
    prior: { rate: config.priorConversionPpm / 1_000_000 },
  };
  return [
    factory(
      TakeSnapshot,
      [Campaigns, Outcomes, CustomerValues],
      (campaigns: Campaigns, outcomes: Outcomes, values: CustomerValues) =>
        new TakeSnapshot(campaigns, outcomes, values, assumptions),
    ),
    provide(DigestDecisions, [Decisions]),
    provide(SaveCampaign, [Campaigns, TakeSnapshot]),
    provide(LearnConversion, [Campaigns, TakeSnapshot]),
    provide(EnqueueBids, [Campaigns, BidJobs]),
    provide(PriceOpportunity, [Campaigns, TakeSnapshot, CustomerValues, Clock]),
    factory(
      ExecuteBidJob,
      [PriceOpportunity, Decisions, SpendAuthority, AdvertisingConsent, Exchange, Clock],
      (
        ...[pricing, decisions, spend, consent, exchange, clock]: [
          ...[PriceOpportunity, Decisions, SpendAuthority, AdvertisingConsent, Exchange, Clock],
        ]
      ) => new ExecuteBidJob(pricing, decisions, { spend, consent }, exchange, clock),
    ),
    provide(SettleOutcomes, [Outcomes, SpendAuthority, Logger]),
    provide(RecordOutcomes, [Outcomes, SettleOutcomes]),
  ];
}

function background(config: SyncflowConfig): FactoryProvider[] {
  return [
    factory(
      BidsProcessor,
      [Queues, ExecuteBidJob, Metrics],
      (queues: Queues, execute: ExecuteBidJob, metrics: Metrics) =>
        new BidsProcessor(queues, execute, config.bidConcurrency, metrics),
    ),
    factory(
      SettlementSweeper,
      [SettleOutcomes, Clock, Logger],
      (settle: SettleOutcomes, clock: Clock, logger: Logger) =>
        new SettlementSweeper(settle, config.settleIntervalMs, clock, logger),
    ),
    factory(
      ValueLink,
      [SyncValueClient, ValueBreaker, Readiness, Clock],
      (client: SyncValueClient, breaker: ValueBreaker, readiness: Readiness, clock: Clock) =>
        new ValueLink(client, breaker, readiness, clock, config.valueTimeoutMs),
    ),
    provide(BudgetEventsProcessor, [Queues, BudgetStops, Metrics]),
    factory(
      Background,
      [ConsentClient, ValueLink, SettlementSweeper, BudgetEventsProcessor, BidsProcessor],
      (
        consents: ConsentClient,
        link: ValueLink,
        sweeper: SettlementSweeper,
        ...[budgets, bids]: [BudgetEventsProcessor, BidsProcessor]
      ) => {
        const feed = { start: () => undefined, stop: () => consents.close() };
        return new Background([feed, link, sweeper, budgets, bids]);
      },
    ),
  ];
}

/** A provider that needs more than constructor arguments, e.g. settings. */
function factory(
  token: FactoryProvider['provide'],
  inject: NonNullable<FactoryProvider['inject']>,
  useFactory: FactoryProvider['useFactory'],
): FactoryProvider {
  return { provide: token, inject, useFactory };
}
