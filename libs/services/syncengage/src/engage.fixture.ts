/**
 * The use cases on a real store and a real mail client; SyncShield, SyncValue and the channel
 * switch are stand-ins.
 */
import { LiveChannels, UrlSigner, type SignedClaim } from '@kiki/auth';
import { kernelErrors, SystemClock, SystemRandom, type Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { PostgresJourneys } from './adapters/postgres/postgres-journeys.js';
import { PostgresMessages } from './adapters/postgres/postgres-messages.js';
import { PostgresProfiles } from './adapters/postgres/postgres-profiles.js';
import { PostgresSegments } from './adapters/postgres/postgres-segments.js';
import { SmtpMailer } from './adapters/smtp/smtp-mailer.js';
import { parseSmtpUrl } from './adapters/smtp/smtp-server-url.js';
import { AskConsent } from './application/ask-consent.js';
import { ComposeMail } from './application/compose-mail.js';
import type { MarketingConsent } from './application/marketing-consent.js';
import type { Mailer } from './application/mailer.js';
import { DeliveryMeter } from './application/meters.js';
import { RefreshSegments } from './application/refresh-segments.js';
import { RunJourney } from './application/run-journey.js';
import { SaveJourney } from './application/save-journey.js';
import { AlivePredictions, EngageJobs, type AliveAnswer } from './application/segments.js';
import { SendMessages } from './application/send-messages.js';
import { SettleMessages } from './application/settle-messages.js';
import {
  SpendAuthority,
  type HoldAnswer,
  type HoldRequest,
  type Settlement,
} from './application/spend-authority.js';
import { StartRun } from './application/start-run.js';
import { TendEngagement } from './application/tend-engagement.js';
import { TestConsent } from './consent.fixture.js';
import type { JourneyDraft } from './domain/journey.js';

export const T = 'default';

/**
 * A ledger of one table that outlives its process, with the rules of SyncShield that matter here.
 */
export class TableLedger extends SpendAuthority {
  isDown = false;
  expiresInMs = 600_000;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  static async create(database: Database, limitMicros: bigint): Promise<TableLedger> {
    await database.execute(`create table if not exists ledger_budget (limit_micros bigint)`);
    await database.execute(`create table if not exists ledger_holds (
      id text primary key, amount bigint, state text, expires_at timestamptz)`);
    await database.execute('delete from ledger_budget');
    await database.execute('insert into ledger_budget values ($1)', [limitMicros]);
    return new TableLedger(database);
  }

  override hold(_tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
    if (this.isDown) throw kernelErrors.unavailable();
    return this.database.transaction(async (tx) => {
      const [budget] = await tx.query<{ limit_micros: bigint }>(
        'select limit_micros from ledger_budget for update',
      );
      const known = await tx.query<{ id: string; state: string; expires_at: Date }>(
        'select id, state, expires_at from ledger_holds where id = any($1::text[])',
        [requests.map(({ id }) => id)],
      );
      const knownOf = new Map(known.map((row) => [row.id, row]));
      const [sum] = await tx.query<{ used: bigint }>(
        `select coalesce(sum(amount), 0)::bigint as used from ledger_holds
          where state in ('held', 'captured')`,
      );
      let used = sum?.used ?? 0n;
      const expiresAt = new Date(this.clock.nowMs() + this.expiresInMs);
      const states = requests.map(({ id, amountMicros }) => {
        const state = knownOf.get(id)?.state;
        if (state !== undefined) return state;
        if (used + amountMicros > (budget?.limit_micros ?? 0n)) return 'denied';
        used += amountMicros;
        return 'held';
      });
      await tx.execute(
        `insert into ledger_holds
         select u.id, u.amount, u.state, $4 from unnest($1::text[], $2::bigint[], $3::text[]) as u (id, amount, state)
         on conflict do nothing`,
        [requests.map(({ id }) => id), requests.map((r) => r.amountMicros), states, expiresAt],
      );
      return requests.map(({ id }, i) =>
        answerOf(states[i] ?? 'denied', knownOf.get(id)?.expires_at ?? expiresAt),
      );
    });
  }

  override settle(
    _tenant: string,
    settlements: readonly Settlement[],
  ): Promise<(string | undefined)[]> {
    if (this.isDown) throw kernelErrors.unavailable();
    return this.database.transaction(async (tx) => {
      const rows = await tx.query<{ id: string; state: string }>(
        `update ledger_holds h set state = case u.action when 'capture' then 'captured' else 'voided' end
           from unnest($1::text[], $2::text[]) as u (id, action)
          where h.id = u.id and h.state = 'held' returning h.id, h.state`,
        [settlements.map(({ holdId }) => holdId), settlements.map(({ action }) => action)],
      );
      const stateOf = new Map(rows.map((row) => [row.id, row.state]));
      return settlements.map(({ holdId }) => stateOf.get(holdId) ?? 'already_settled');
    });
  }

  /** Money by state, recounted from rows. */
  async recount(): Promise<Record<string, bigint>> {
    const rows = await this.database.query<{ state: string; amount: bigint }>(
      'select state, sum(amount)::bigint as amount from ledger_holds group by state',
    );
    return Object.fromEntries(rows.map((row) => [row.state, row.amount]));
  }
}

function answerOf(state: string, expiresAt: Date): HoldAnswer {
  return state === 'denied'
    ? { isApproved: false, reason: 'cap_exceeded' }
    : { isApproved: true, expiresAt };
}

export class FixedPredictions extends AlivePredictions {
  isDown = false;
  calls = 0;

  constructor(private readonly of: (customerId: string) => AliveAnswer) {
    super();
  }

  override async predict(_tenant: string, ids: readonly string[]): Promise<AliveAnswer[]> {
    this.calls++;
    if (this.isDown) throw kernelErrors.unavailable();
    return ids.map((id) => this.of(id));
  }
}

export class Switch extends LiveChannels {
  isOn = true;
  override async isLive(): Promise<boolean> {
    return this.isOn;
  }
}

class PlainSigner extends UrlSigner {
  override sign(claim: SignedClaim): string {
    return Buffer.from(JSON.stringify(claim)).toString('base64url');
  }
  override verify(token: string): SignedClaim {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as SignedClaim;
  }
}

class NoMeter extends DeliveryMeter {
  override decided(): void {}
}

export class NoJobs extends EngageJobs {
  readonly runs: string[] = [];
  override async refreshSegments(): Promise<void> {}
  override async runJourney(_tenant: string, runId: string): Promise<void> {
    this.runs.push(runId);
  }
}

export interface Bench {
  readonly journeys: PostgresJourneys;
  readonly messages: PostgresMessages;
  readonly profiles: PostgresProfiles;
  readonly segments: PostgresSegments;
  readonly predictions: FixedPredictions;
  readonly live: Switch;
  readonly mailer: Mailer;
  readonly jobs: NoJobs;
  readonly refresh: RefreshSegments;
  readonly save: SaveJourney;
  readonly startRun: StartRun;
  readonly run: RunJourney;
  readonly settle: SettleMessages;
  readonly tend: TendEngagement;
}

/** What may differ. */
export interface BenchOptions {
  readonly database: Database;
  readonly smtpUrl: string;
  readonly spend: SpendAuthority;
  readonly predictions?: FixedPredictions;
  readonly clock?: Clock;
  readonly connections?: number;
  readonly smtpTimeoutMs?: number;
  readonly sendingLeaseMs?: number;
  readonly cap?: { readonly maxMessages: number; readonly windowMs: number };
  readonly consent?: MarketingConsent;
  readonly wrapMailer?: (mailer: SmtpMailer) => Mailer;
}

const opened: SmtpMailer[] = [];

/** Ends the connections of all benches of this file. */
export function closeBenches(): void {
  for (const mailer of opened.splice(0)) mailer.close();
}

/** Wires everything as the module does. */
export function bench(options: BenchOptions): Bench {
  const { database, spend, clock = new SystemClock(), connections = 4 } = options;
  const random = new SystemRandom();
  const time = { clock, random };
  const journeys = new PostgresJourneys(database);
  const messages = new PostgresMessages(database);
  const profiles = new PostgresProfiles(database);
  const segments = new PostgresSegments(database);
  const predictions =
    options.predictions ??
    new FixedPredictions(() => ({ aliveProbability: 0.3, modelVersion: 'm1' }));
  const live = new Switch();
  const jobs = new NoJobs();
  const smtp = new SmtpMailer({
    server: parseSmtpUrl(options.smtpUrl),
    from: 'KIKI <kiki@example.test>',
    fromAddress: 'kiki@example.test',
    domain: 'example.test',
    connections,
    timeoutMs: options.smtpTimeoutMs ?? 10_000,
  });
  opened.push(smtp);
  const mailer = options.wrapMailer?.(smtp) ?? smtp;
  const compose = new ComposeMail(new PlainSigner(), clock, {
    publicUrl: 'https://mail.example.test',
    domain: 'example.test',
    unsubscribeTtlMs: 86_400_000,
  });
  const refresh = new RefreshSegments(profiles, segments, predictions, time, {
    thresholds: { atRiskBelowMilli: 500, lostBelowMilli: 50 },
    maxAgeMs: 3_600_000,
  });
  const send = new SendMessages(
    {
      ...{ messages, spend, mailer, compose, liveChannels: live },
      consent: new AskConsent(
        options.consent ?? new TestConsent(clock),
        ...([messages, clock, new NoMeter()] as const),
      ),
    },
    clock,
    { isOptInRequired: false, maxAttempts: 3 },
    new NoMeter(),
  );
  const settle = new SettleMessages(messages, spend, clock);
  const run = new RunJourney(
    { journeys, segments, messages, liveChannels: live, refresh, send, settle },
    time,
    {
      isOptInRequired: false,
      defaultCap: options.cap ?? { maxMessages: 1, windowMs: 7 * 86_400_000 },
    },
  );
  const tend = new TendEngagement({ messages, journeys, segments }, settle, jobs, clock, {
    sendingLeaseMs: options.sendingLeaseMs ?? 40_000,
    stalledAfterMs: 900_000,
  });
  return {
    ...{ journeys, messages, profiles, segments, predictions, live, mailer, jobs, refresh },
    save: new SaveJourney(journeys, clock, random),
    startRun: new StartRun(journeys, jobs, clock, random),
    ...{ run, settle, tend },
  };
}

/** A journey to everybody at risk. */
export function winback(more: Partial<JourneyDraft> = {}): JourneyDraft {
  return {
    id: 'winback',
    name: 'Win back',
    segment: 'at_risk',
    offer: '10 % off',
    budgetId: 'mail',
    currency: 'USD',
    costMicros: 1_000n,
    holdoutShare: 0.2,
    salt: 'salt',
    subject: 'We miss you, {{traits.firstName|friend}}',
    body: 'Dear {{traits.firstName|friend}},\n\nhere is {{offer}} for you.',
    isActive: true,
    ...more,
  };
}
