import { randomInt } from 'node:crypto';
import type { ClientBase } from 'pg';

/** One transaction, as pgbench reads it and as our driver runs it. */
export interface Script {
  readonly name: string;
  readonly sql: string;
  run(client: ClientBase, scale: number): Promise<void>;
}

const ACCOUNT = 'UPDATE pgbench_accounts SET abalance = abalance + $2 WHERE aid = $1';
const BALANCE = 'SELECT abalance FROM pgbench_accounts WHERE aid = $1';
const TELLER = 'UPDATE pgbench_tellers SET tbalance = tbalance + $2 WHERE tid = $1';
const BRANCH = 'UPDATE pgbench_branches SET bbalance = bbalance + $2 WHERE bid = $1';
const HISTORY =
  'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)';

/** The five statements of TPC-B (sort of), in the order and shape of pgbench's built-in script. */
export const tpcB: Script = {
  name: 'tpc-b',
  sql: `\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
BEGIN;
${pgbenchOf(ACCOUNT, 'aid', 'delta')};
${pgbenchOf(BALANCE, 'aid')};
${pgbenchOf(TELLER, 'tid', 'delta')};
${pgbenchOf(BRANCH, 'bid', 'delta')};
${pgbenchOf(HISTORY, 'tid', 'bid', 'aid', 'delta')};
END;
`,
  run: async (client, scale) => {
    const [aid, bid, tid] = [100_000, 1, 10].map((of) => randomInt(1, of * scale + 1));
    const delta = randomInt(-5_000, 5_001);
    const prepared = (text: string, values: unknown[]) =>
      client.query({ name: text.slice(0, 40), text, values });
    await client.query('BEGIN');
    await prepared(ACCOUNT, [aid, delta]);
    await prepared(BALANCE, [aid]);
    await prepared(TELLER, [tid, delta]);
    await prepared(BRANCH, [bid, delta]);
    await prepared(HISTORY, [tid, bid, aid, delta]);
    await client.query('END');
  },
};

const HOT = `WITH room AS (
  UPDATE hot_budget SET held = held + $1 WHERE id = 1 AND held + spent + $1 <= max RETURNING id)
INSERT INTO hot_holds SELECT gen_random_uuid(), id, $1, 'held', now() FROM room`;

/** One hold on one budget in one statement: what a careful service without batches does. */
export const hotRow: Script = {
  name: 'hot-row',
  sql: `\\set amount random(1, 1000)\n${pgbenchOf(HOT, 'amount').replaceAll('\n', ' ')};\n`,
  run: async (client) => {
    await client.query({ name: 'hot-row', text: HOT, values: [randomInt(1, 1_001)] });
  },
};

/** `$1` of the driver as `:name` of pgbench. */
function pgbenchOf(sql: string, ...names: readonly string[]): string {
  return names.reduce((text, name, i) => text.replaceAll(`$${i + 1}`, `:${name}`), sql);
}
