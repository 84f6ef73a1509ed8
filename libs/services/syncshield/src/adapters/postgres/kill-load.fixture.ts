/** A process that decides holds without end: `<connection JSON> <name>`; says `ready` after its first batches. */
import { SystemClock } from '@kiki/kernel';
import { PostgresDatabase, type ConnectionOptions } from '@kiki/postgres';
import { NoConsentRegistry } from '../../application/consent-check.js';
import type { LedgerCommand } from '../../application/ledger.js';
import { Judges } from './judges.js';
import { PostgresLedger } from './postgres-ledger.js';

const [connection = '{}', name = ''] = process.argv.slice(2);
const clock = new SystemClock();
const database = new PostgresDatabase({
  ...{ connection: JSON.parse(connection) as ConnectionOptions, schema: 'syncshield', max: 3 },
});
const judges = new Judges(new NoConsentRegistry(), clock);
const ledger = new PostgresLedger(database, clock, { judges, lockTimeoutMs: 10_000 });

let number = 0;
function command(budgetId: string): LedgerCommand {
  return {
    ...{ kind: 'hold', actor: name },
    request: {
      ...{ tenant: 't', id: `${name}-${++number}`, budgetId, amountMicros: 1n, currency: 'EUR' },
      ...{ expiresInMs: 600_000, graceMs: 0 },
    },
  };
}

async function caller(budgetId: string): Promise<void> {
  for (let round = 0; ; round++) {
    await ledger.decide([1, 2, 3, 4].map(() => command(budgetId))).catch(() => undefined);
    if (round === 5) process.stdout.write('ready\n');
  }
}

await Promise.all(['a', 'b'].map(caller));
