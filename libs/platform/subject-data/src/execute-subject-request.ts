import { createHash } from 'node:crypto';
import { canonicalJson, DomainError, type Clock } from '@kiki/kernel';
import { idempotencySchema } from '@kiki/http';
import type { Database, Queryable } from '@kiki/postgres';
import { identifiersOf, quoted } from './mentions.js';
import type { Reclaimer, ReclaimReport } from './reclaimer.js';
import { Receipts } from './receipts.js';
import { Turns } from './turns.js';
import type {
  DataStore,
  Subject,
  SubjectChanges,
  SubjectCounts,
  SubjectData,
  SubjectParts,
} from './subject-data.js';

/** What can be asked of a service. `locate` finds the customers of a mailbox; `describe` is the data map. */
export const SUBJECT_ACTIONS = [
  'access',
  'erase',
  'rectify',
  'opt_out',
  'locate',
  'describe',
] as const;
export type SubjectAction = (typeof SUBJECT_ACTIONS)[number];

/** One service's proof of what it did; no personal data. */
export interface SubjectReceipt {
  readonly service: string;
  readonly requestId: string;
  readonly action: SubjectAction;
  readonly counts: SubjectCounts;
  readonly notes: readonly string[];
  /** Code of why the service will not do it, however often it is asked; absent when it was done. */
  readonly refusal?: string;
  readonly completedAt: string;
  /** SHA-256 of the canonical JSON of the receipt without this member (and, for `access`, of the export). */
  readonly evidenceSha256: string;
}

/** What a service answers. */
export interface SubjectAnswer {
  readonly receipt: SubjectReceipt;
  readonly parts?: SubjectParts;
  readonly customerIds?: readonly string[];
  readonly stores?: readonly DataStore[];
}

/** One thing to do for a subject. */
export interface SubjectRequest extends Subject {
  readonly action: SubjectAction;
  readonly changes?: SubjectChanges;
}

/** Transactions at once: they may ask for a second connection of the same pool, which must not be drained by them. */
const AT_ONCE = 2;
/** Shorter identifiers, such as 42, are part of many keys that name nobody: without them requests would run twice. */
const LONG = 6;

/** Does what a data subject asked for in one service: once per request, with a receipt. */
export class ExecuteSubjectRequest {
  private readonly receipts: Receipts;
  private readonly turns = new Turns(AT_ONCE);

  constructor(
    private readonly data: SubjectData,
    private readonly database: Database,
    private readonly reclaimer: Reclaimer,
    private readonly clock: Clock,
  ) {
    this.receipts = new Receipts(database);
  }

  /** @throws unavailable when the subject is being worked on at the moment: ask again */
  async execute(request: SubjectRequest): Promise<SubjectAnswer> {
    switch (request.action) {
      case 'describe':
        return { receipt: this.receipt(request, {}, []), stores: this.data.stores };
      case 'locate': {
        const customerIds = await this.data.locate(request.tenant, request.email ?? '');
        return {
          receipt: this.receipt(request, { customers: customerIds.length }, []),
          customerIds,
        };
      }
      case 'access':
        return this.access(request);
      case 'erase':
        return { receipt: await this.change(request, (tx) => this.erase(tx, request)) };
      case 'rectify':
        return { receipt: await this.rectify(request) };
      case 'opt_out':
        return { receipt: await this.change(request, (tx) => this.data.optOut(tx, request)) };
    }
  }

  /** What is invalid stays so: it is refused for good, by a receipt with the reason. */
  private async rectify(request: SubjectRequest): Promise<SubjectReceipt> {
    const changes = request.changes ?? {};
    try {
      return await this.change(request, (tx) => this.data.rectify(tx, request, changes));
    } catch (error) {
      if (!DomainError.is(error) || error.kind !== 'invalid') throw error;
      const receipt = this.receipt(request, {}, [], { refusal: error.code });
      return this.receipts.refused(request, receipt, this.clock.now());
    }
  }

  private async access(request: SubjectRequest): Promise<SubjectAnswer> {
    const options = { isolation: 'repeatable read', isReadOnly: true } as const;
    const parts = await this.turns.take(() =>
      this.database.transaction((tx) => this.data.access(tx, request), options),
    );
    const counts = Object.fromEntries(
      Object.entries(parts).map(([store, rows]) => [store, rows.length]),
    );
    return { receipt: this.receipt(request, counts, [], { parts }), parts };
  }

  private async change(
    request: SubjectRequest,
    work: (tx: Queryable) => Promise<SubjectCounts>,
  ): Promise<SubjectReceipt> {
    const known = await this.receipts.find(request);
    if (known?.receipt !== undefined && request.action === 'rectify') return known.receipt;
    // Not by the receipt alone: an id that is used again, once its first request is no longer kept, may name another.
    const isUnfinished = known !== undefined && known.receipt === undefined;
    const counts = isUnfinished ? known.counts : await this.apply(request, work);
    const notes = request.action === 'erase' ? await this.forget(request, counts) : [];
    return this.receipts.finish(request, this.receipt(request, counts, notes));
  }

  /** What memory knows, then what the files still have. */
  private async forget(request: SubjectRequest, counts: SubjectCounts): Promise<string[]> {
    await this.data.forget(request);
    return notesOf(await this.reclaim(counts));
  }

  private async apply(
    request: SubjectRequest,
    work: (tx: Queryable) => Promise<SubjectCounts>,
  ): Promise<SubjectCounts> {
    const queued = request.action === 'erase' ? await this.data.prepare(request) : {};
    return this.turns.take(() =>
      this.database.transaction(async (tx) => {
        const counts = { ...queued, ...(await work(tx)) };
        await this.receipts.applied(tx, request, counts, this.clock.now());
        return counts;
      }),
    );
  }

  /** First answers kept for repetitions may quote the subject: they are answered with 410 from now on. */
  private async erase(tx: Queryable, request: SubjectRequest): Promise<SubjectCounts> {
    const counts = await this.data.erase(tx, request);
    const table = `${idempotencySchema(this.database.schema)}.idempotency_keys`;
    const identifiers = identifiersOf(request);
    const answers = await tx.execute(
      `UPDATE ${table} SET status = 410, body = '{"code":"subject_erased"}'
        WHERE tenant = $1 AND body IS NOT NULL
          AND EXISTS (SELECT FROM unnest($2::text[]) AS q (text) WHERE position(q.text IN body) > 0)`,
      [request.tenant, quoted(identifiers)],
    );
    const keys = await tx.execute(
      `DELETE FROM ${table} WHERE tenant = $1
          AND EXISTS (SELECT FROM unnest($2::text[]) AS q (text)
                       WHERE key = q.text OR (length(q.text) >= ${LONG} AND position(q.text IN key) > 0))`,
      [request.tenant, identifiers],
    );
    return { ...counts, [table]: answers + keys };
  }

  /** Only where the subject had something; every rewrite keeps others waiting. */
  private reclaim(counts: SubjectCounts): Promise<ReclaimReport> {
    const touched = Object.entries(counts).filter(([, rows]) => rows > 0);
    return this.reclaimer.run(touched.map(([store]) => store));
  }

  private receipt(
    { requestId, action }: SubjectRequest,
    counts: SubjectCounts,
    notes: readonly string[],
    { parts, refusal }: { readonly parts?: SubjectParts; readonly refusal?: string } = {},
  ): SubjectReceipt {
    const { schema: service } = this.database;
    const facts = {
      ...{ service, requestId, action, counts, notes },
      ...(refusal === undefined ? {} : { refusal }),
      completedAt: this.clock.now().toISOString(),
    };
    const proven = parts === undefined ? facts : { ...facts, parts };
    const evidenceSha256 = createHash('sha256').update(canonicalJson(proven)).digest('hex');
    return { ...facts, evidenceSha256 };
  }
}

function notesOf({ rewritten, vacuumed, deferred }: ReclaimReport): string[] {
  return [
    `files of ${rewritten.length} tables written anew`,
    ...vacuumed.map((name) => `${name}: vacuumed, not written anew (too large or in use)`),
    ...deferred.map((name) => `${name}: left to autovacuum (too large or in use)`),
  ];
}
