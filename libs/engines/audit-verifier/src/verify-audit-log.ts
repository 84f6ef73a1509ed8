import { BudgetSums, type RecomputedBudget } from './budget-sums.js';
import { readRecord } from './canonical-record.js';
import { Findings, UnusableInput, type Finding } from './finding.js';
import { LedgerRules } from './ledger-rules.js';
import { parseLogLine, type LogLine } from './log-line.js';
import { hashOfRecord, MerkleStack } from './merkle-stack.js';
import { readLines } from './read-lines.js';
import { compareStatement, type StatedBudget } from './statement.js';
import { openCheckpoint, trustedKey, type TreeHead } from './trusted-checkpoint.js';

/** What is verified, and against what. */
export interface VerifyInput {
  /** NDJSON, one `{"seq":…,"record":"…"}` per line, from seq 0. */
  readonly log: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Signed checkpoints of this log; at least one, in any order. */
  readonly checkpoints: readonly string[];
  /** Keys that the auditor trusts. */
  readonly publicKeys: readonly string[];
  readonly statement?: readonly StatedBudget[];
  /** Most findings that are kept. @default 100 */
  readonly maxFindings?: number;
  /** Told after every some thousand records. */
  readonly onRecords?: (count: number) => void;
}

/** What a verification found. */
export interface VerifyReport {
  readonly isValid: boolean;
  /** Records that were read. */
  readonly records: number;
  /** Records that trusted checkpoints vouch for; those after them may still be changed. */
  readonly covered: number;
  /** Root over all records that were read, base64. */
  readonly root: string;
  /** Checkpoints whose signature and root are right. */
  readonly checkpoints: number;
  /** The first record that is wrong, or after which nothing can be said. */
  readonly firstBadSeq: number | undefined;
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  readonly budgets: readonly RecomputedBudget[];
}

/**
 * Verifies an exported log: every record hashed anew, every checkpoint's signature and root,
 * numbers without a gap, records well formed, and the rules of money among them.
 * @throws UnusableInput
 */
export async function verifyAuditLog(input: VerifyInput): Promise<VerifyReport> {
  const verification = new Verification(input);
  await verification.read();
  return verification.conclude();
}

class Verification {
  private readonly findings: Findings;
  private readonly heads: TreeHead[];
  private readonly tree = new MerkleStack();
  private readonly sums: BudgetSums;
  private readonly rules: LedgerRules;
  private nextHead = 0;
  private confirmed = 0;
  private covered = 0;
  private isStopped = false;

  constructor(private readonly input: VerifyInput) {
    this.findings = new Findings(input.maxFindings ?? 100);
    this.heads = this.openAll();
    this.sums = new BudgetSums((input.statement ?? []).map(({ untilMs }) => untilMs));
    this.rules = new LedgerRules(this.sums);
  }

  async read(): Promise<void> {
    this.compareHeads();
    this.isStopped = true;
    for await (const lines of readLines(this.input.log)) {
      for (const text of lines) {
        const line = parseLogLine(text);
        if (line === undefined) {
          const message = `Line ${this.tree.size + 1} is no {"seq","record"}.`;
          return this.findings.add('line_invalid', message, { seq: this.tree.size });
        }
        if (!this.take(line)) return;
      }
      this.input.onRecords?.(this.tree.size);
    }
    this.isStopped = false;
  }

  conclude(): VerifyReport {
    const { tree, findings, heads, input } = this;
    // Where reading had to stop, that is the finding.
    for (const { size } of this.isStopped ? [] : heads.slice(this.nextHead)) {
      const message =
        `A checkpoint vouches for ${size} records, the log ends after ${tree.size}: ` +
        `something from seq ${this.covered} on is missing.`;
      findings.add('truncated', message, { seq: this.covered, toSeq: tree.size });
    }
    if (heads.length === 0) findings.add('checkpoint_missing', 'No trusted checkpoint was given.');
    compareStatement(input.statement ?? [], this.sums, findings);
    return {
      isValid: findings.count === 0,
      records: tree.size,
      covered: this.covered,
      root: tree.root(),
      checkpoints: this.confirmed,
      firstBadSeq: findings.firstSeq,
      findings: findings.kept,
      findingCount: findings.count,
      budgets: this.sums.budgets(),
    };
  }

  /** Opens every checkpoint; those of another log than most are a finding, too. */
  private openAll(): TreeHead[] {
    const keys = this.input.publicKeys.map(trustedKey);
    if (keys.length === 0) throw new UnusableInput('No public key was given.');
    const heads: TreeHead[] = [];
    for (const [index, note] of this.input.checkpoints.entries()) {
      const opened = openCheckpoint(note, keys);
      if (opened.ok) heads.push(opened);
      else this.findings.add(opened.kind, `Checkpoint ${index + 1} is not valid: ${opened.why}.`);
    }
    const [first] = heads;
    for (const { origin } of heads) {
      if (first === undefined || origin === first.origin) continue;
      throw new UnusableInput(`The checkpoints are of two logs, ${first.origin} and ${origin}.`);
    }
    return heads.sort((a, b) => a.size - b.size);
  }

  /** Adds a record; false when the numbers have a gap, after which nothing can be said. */
  private take({ seq, record, leaf }: LogLine): boolean {
    const expected = this.tree.size;
    if (seq !== expected) {
      const message = `Record ${expected} should come next, but ${seq} does.`;
      this.findings.add('sequence', message, { seq: expected });
      return false;
    }
    const hash = hashOfRecord(record);
    if (leaf !== undefined && hash.toString('base64') !== leaf) {
      this.findings.add('leaf', `Record ${seq} is not the one that the tree was made of.`, { seq });
    }
    this.tree.push(hash);
    this.judge(seq, record);
    this.compareHeads();
    return true;
  }

  private judge(seq: number, text: string): void {
    const read = readRecord(text);
    if ('fault' in read) {
      this.findings.add('record_invalid', `Record ${seq} is not valid: ${read.fault}.`, { seq });
      return;
    }
    const broken = this.rules.apply(read.record);
    if (broken !== undefined) this.findings.add('ledger', `Record ${seq}: ${broken}.`, { seq });
  }

  /** Compares the root with every checkpoint of exactly this size. */
  private compareHeads(): void {
    const { size } = this.tree;
    let head = this.heads[this.nextHead];
    if (head?.size !== size) return;
    const root = this.tree.root();
    for (; head?.size === size; head = this.heads[++this.nextHead]) {
      if (head.root === root) {
        this.confirmed++;
        this.covered = size;
        continue;
      }
      const from = this.covered;
      const message =
        `The checkpoint of ${size} records has another root: ` +
        `something from seq ${from} to ${Math.max(from, size - 1)} was changed.`;
      this.findings.add('root', message, { seq: from, toSeq: Math.max(from, size - 1) });
    }
  }
}
