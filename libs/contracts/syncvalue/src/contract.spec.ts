/**
 * Goal: what is generated is what proto/ says, and nothing is lost on the wire. Method: generate anew
 * elsewhere and compare byte for byte; send values through the codecs; lint the contract.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@kiki/testing';
import { chunked } from './chunked.js';
import {
  CustomerQuery,
  Prediction,
  Transaction,
  TransactionKind,
  ValueTier,
  FallbackReason,
} from './index.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const node = (...args: string[]): string =>
  execFileSync(process.execPath, args, {
    cwd: repositoryRoot,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });

function filesBelow(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]));
}

describe('the generated code', () => {
  it('equals what `npm run proto` makes of proto/ now', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'kiki-proto-drift-'));
    try {
      node('tools/proto.js', scratch);
      const fresh = filesBelow(join(scratch, 'libs/contracts/syncvalue/src/generated'));
      const committed = filesBelow(join(import.meta.dirname, 'generated'));
      expect([...fresh.keys()]).toEqual([...committed.keys()]);
      for (const [path, text] of fresh)
        expect({ path, text }).toEqual({ path, text: committed.get(path) });
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it("passes buf's standard lint", () => {
    expect(node('node_modules/@bufbuild/buf/bin/buf', 'lint', 'proto')).toBe('');
  });
});

describe('the wire', () => {
  it('carries money, instants and ids exactly', () => {
    const row: Transaction = {
      transactionId: 't',
      customerId: 'Zoë',
      occurredAt: new Date('1997-01-01T00:00:00.123Z'),
      amountMicros: -(2n ** 53n - 1n),
      currency: 'USD',
      kind: TransactionKind.REFUND,
      acquisition: { attributes: { channel: 'ads' } },
    };
    expect(Transaction.decode(Transaction.encode(row).finish())).toEqual(row);
  });

  it('tells an absent option from a zero', () => {
    const subject = (meanRepeatSpendMicros: bigint | undefined): CustomerQuery => {
      const value = { repeatPurchases: 1, recencyDays: 2.5, ageDays: 9, meanRepeatSpendMicros };
      return { subject: { $case: 'statistics', value }, acquisition: undefined };
    };
    for (const query of [subject(undefined), subject(0n)]) {
      expect(CustomerQuery.decode(CustomerQuery.encode(query).finish())).toEqual(query);
    }
  });

  it('keeps every bit of a double', () => {
    const prediction: Prediction = {
      expectedPurchases: 0.1 + 0.2,
      aliveProbability: Number.MIN_VALUE,
      ltvMicros: 1n,
      currency: 'EUR',
      expectedSpendMicros: 2n,
      fallbackReason: FallbackReason.COLD_START,
      horizonDays: 365.25,
      asOf: new Date('2025-01-01T00:00:00Z'),
      quantiles: [],
      valueTier: ValueTier.TOP,
      activeProbability: 1 - Number.EPSILON,
      acquisition: undefined,
    };
    expect(Prediction.decode(Prediction.encode(prediction).finish())).toEqual(prediction);
  });
});

describe('chunked', () => {
  const collect = async (items: Iterable<number>, size: number): Promise<number[][]> => {
    const chunks: number[][] = [];
    for await (const chunk of chunked(items, size, (part) => part)) chunks.push(chunk);
    return chunks;
  };

  it('groups items and sends one message even for none, so that options travel', async () => {
    expect(await collect([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(await collect([1, 2], 2)).toEqual([[1, 2]]);
    expect(await collect([], 2)).toEqual([[]]);
  });
});
