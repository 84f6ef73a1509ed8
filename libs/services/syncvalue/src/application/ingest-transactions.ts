import { isTimeZone, type Clock } from '@kiki/kernel';
import { DistinctCount } from '../domain/distinct-count.js';
import { errors } from '../errors.js';
import {
  isRowProblem,
  RowReader,
  type IncomingRow,
  type RowProblem,
  type Transaction,
} from '../domain/transaction.js';
import type { ChunkOutcome, Ledger } from './ledger.js';

/** What the first message of a stream declares. */
export interface StreamOptions {
  readonly areNegativesRefunds: boolean;
  /** Empty: the tenant's, or UTC. */
  readonly timeZone: string;
  readonly source: string;
}

/** One message of a stream. */
export interface IncomingChunk {
  /** Read from the first message only. */
  readonly options: StreamOptions | undefined;
  readonly rows: readonly IncomingRow[];
}

/** What became of a stream. */
export interface IngestReport {
  readonly receivedCount: number;
  readonly storedCount: number;
  readonly duplicateCount: number;
  readonly rejectedCount: number;
  /** The first MAX_PROBLEMS. */
  readonly problems: readonly RowProblem[];
  readonly customerCount: number;
  /** There were too many of them to be counted one by one. */
  readonly isCustomerCountEstimated: boolean;
}

/** Most rows of one message. */
export const MAX_CHUNK_ROWS = 10_000;
const MAX_PROBLEMS = 1_000;
const HOUR_MS = 3_600_000;

/** How streams are read. */
export interface IngestSettings {
  /** How far a transaction may lie ahead of the clock. */
  readonly futureToleranceHours: number;
}

/** Stores an order log chunk by chunk; each is committed before the next is asked for. */
export class IngestTransactions {
  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    private readonly settings: IngestSettings,
  ) {}

  /**
   * @throws batch_too_large, time_zone_invalid, time_zone_fixed; what was committed before stays and may be
   * sent again
   */
  async execute(
    tenant: string,
    chunks: AsyncIterable<IncomingChunk>,
    onChunk: (outcome: ChunkOutcome) => void = () => undefined,
  ): Promise<IngestReport> {
    const tally = new Tally();
    let stream: Stream | undefined;
    for await (const { options, rows } of chunks) {
      stream ??= this.begin(options);
      if (rows.length > MAX_CHUNK_ROWS) {
        throw errors.batch_too_large(`A message carries ${rows.length} rows.`);
      }
      const outcome = await this.store(tenant, stream, rows, tally.received);
      tally.add(rows.length, outcome);
      onChunk(outcome);
    }
    const report = tally.report();
    if (report.storedCount > 0) await this.ledger.untilSeen();
    return report;
  }

  private begin(options: StreamOptions | undefined): Stream {
    const { source = '', areNegativesRefunds = false } = options ?? {};
    const timeZone = zoneName(options?.timeZone ?? '');
    if (timeZone !== '' && !isTimeZone(timeZone)) {
      throw errors.time_zone_invalid(`"${timeZone.slice(0, 64)}" is not a time zone.`, {
        fields: [{ field: 'options.time_zone', expected: 'an IANA name such as Europe/Berlin' }],
      });
    }
    const latestMs = this.clock.nowMs() + this.settings.futureToleranceHours * HOUR_MS;
    const reader = new RowReader({ areNegativesRefunds, latestMs });
    return {
      reader,
      timeZone: timeZone === '' ? undefined : timeZone,
      source: source.slice(0, 256),
    };
  }

  private async store(
    tenant: string,
    { reader, timeZone, source }: Stream,
    incoming: readonly IncomingRow[],
    firstIndex: number,
  ): Promise<ChunkOutcome> {
    const rows: Transaction[] = [];
    const problems: RowProblem[] = [];
    incoming.forEach((row, i) => {
      const read = reader.read(row, firstIndex + i);
      if (isRowProblem(read)) problems.push(read);
      else rows.push(read);
    });
    if (rows.length === 0) {
      return { storedCount: 0, duplicateCount: 0, problems, customerIds: [] };
    }
    const outcome = await this.ledger.append(tenant, { rows, timeZone, source });
    const all = [...problems, ...outcome.problems].sort((a, b) => a.rowIndex - b.rowIndex);
    return { ...outcome, problems: all };
  }
}

/** UTC has many names; one is kept, so that the others are the same zone. */
function zoneName(timeZone: string): string {
  return /^(etc\/)?(utc|gmt|uct|universal|zulu)$/i.test(timeZone) ? 'UTC' : timeZone;
}

interface Stream {
  readonly reader: RowReader;
  readonly timeZone: string | undefined;
  readonly source: string;
}

class Tally {
  received = 0;
  private stored = 0;
  private duplicates = 0;
  private rejected = 0;
  private readonly problems: RowProblem[] = [];
  private readonly customers = new DistinctCount();

  add(received: number, outcome: ChunkOutcome): void {
    this.received += received;
    this.stored += outcome.storedCount;
    this.duplicates += outcome.duplicateCount;
    this.rejected += outcome.problems.length;
    this.problems.push(...outcome.problems.slice(0, MAX_PROBLEMS - this.problems.length));
    for (const id of outcome.customerIds) this.customers.add(id);
  }

  report(): IngestReport {
    return {
      receivedCount: this.received,
      storedCount: this.stored,
      duplicateCount: this.duplicates,
      rejectedCount: this.rejected,
      problems: this.problems,
      customerCount: this.customers.count,
      isCustomerCountEstimated: this.customers.isEstimated,
    };
  }
}
