/**
 * One bidder as a process: leases from a budget and spends at a given rate until it is told to stop. Every spend is in
 * the witness file in the same turn as it was made, so a kill at any instant leaves exactly what was spent.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FileLeaseJournal,
  HttpLeases,
  LeaseClient,
  SyncShieldClient,
} from '@kiki/contract-syncshield';
import { SeededRandom } from '@kiki/kernel';

/** What a node is started with; on the command line as JSON. */
export interface NodeOrder {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tenant: string;
  readonly nodeId: string;
  readonly budgetId: string;
  readonly folder: string;
  readonly incarnation: number;
  readonly hasJournal: boolean;
  readonly spendsPerSecond: number;
  readonly mostMicros: number;
}

const TURN_MS = 5;
const SYNC_EVERY_TURNS = 20;
const HOLDS = 64;

const order = JSON.parse(process.argv[2] ?? '{}') as NodeOrder;
const random = new SeededRandom(order.incarnation * 1_009 + order.nodeId.length);
const witness = openSync(join(order.folder, `witness-${order.nodeId}-${order.incarnation}`), 'wx');
const headers = (): Readonly<Record<string, string>> => order.headers;
const journal = order.hasJournal
  ? await FileLeaseJournal.open(join(order.folder, `journal-${order.nodeId}`))
  : undefined;
const leases = new LeaseClient({
  transport: new HttpLeases({ baseUrl: order.baseUrl, headers }),
  nodeId: order.nodeId,
  ...(journal === undefined ? {} : { journal }),
});
const shield = new SyncShieldClient({ baseUrl: order.baseUrl, headers });

let isStopped = false;
let spentMicros = 0n;
let holdNo = 0;
process.on('message', () => (isStopped = true));
process.on('disconnect', () => process.exit(1));

const amount = (): bigint => BigInt(1 + random.nextInt(order.mostMicros));

function record(micros: bigint): void {
  spentMicros += micros;
  writeSync(witness, `${spentMicros}\n`);
}

/** A batch of holds, captured before they are spent. */
async function spendByHolds(): Promise<boolean> {
  const { tenant, budgetId, nodeId, incarnation } = order;
  const requests = Array.from({ length: HOLDS }, () => ({
    id: `${nodeId}/${incarnation}/${holdNo++}`,
    ...{ budgetId, amountMicros: amount(), currency: 'EUR', expiresInMs: 500, graceMs: 500 },
  }));
  const holds = await shield.holdBatch(tenant, requests);
  const approved = requests.filter((_, i) => {
    const hold = holds[i];
    return hold?.ok === true && hold.value.decision === 'approved';
  });
  const settlements = approved.map(({ id, amountMicros }) => {
    return { settlementId: 's', holdId: id, action: 'capture' as const, amountMicros };
  });
  const captured = await shield.settleBatch(tenant, settlements);
  for (const [i, { amountMicros }] of approved.entries()) {
    if (captured[i]?.ok === true) record(amountMicros);
  }
  return approved.length > 0;
}

async function turn(spends: number): Promise<string> {
  for (let n = 0; n < spends; n++) {
    const micros = amount();
    const answer = leases.trySpend(order.budgetId, micros);
    if (answer === 'spent') record(micros);
    else if (answer === 'use_holds') {
      return (await spendByHolds().catch(() => true)) ? 'holding' : 'over';
    } else return answer;
  }
  return 'spent';
}

let owed = 0;
for (let turns = 0; !isStopped; turns++) {
  const startedMs = performance.now();
  await sleep(TURN_MS);
  owed += ((performance.now() - startedMs) * order.spendsPerSecond) / 1_000;
  const spends = Math.floor(owed);
  owed -= spends;
  const state = await turn(spends);
  if (turns % SYNC_EVERY_TURNS === 0) {
    fdatasyncSync(witness);
    process.send?.({ state });
  }
}
const isReported = await leases.close();
fdatasyncSync(witness);
closeSync(witness);
process.send?.({ state: isReported ? 'closed' : 'unreported' }, () => process.exit(0));
