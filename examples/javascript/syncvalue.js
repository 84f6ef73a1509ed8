/**
 * KIKI_KEY=… node syncvalue.js TARGET [CUSTOMER] [--demo]
 *
 * Asks a SyncValue of which nothing is known beforehand: what services it has, whether it is healthy, what a customer
 * is worth and why. `--demo` sends a small made-up order log first and fits a model to it. Prints one line of JSON.
 */
import { Metadata } from '@grpc/grpc-js';
import { ReflectedServer } from './reflection.js';

const isDemo = process.argv.includes('--demo');
const [target, customerId = 'customer-1'] = process.argv
  .slice(2)
  .filter((argument) => argument !== '--demo');
// Not an argument: every user of a machine sees those of all its processes.
const key = process.env.KIKI_KEY;
if (target === undefined || !key) {
  console.error('usage: KIKI_KEY=… node syncvalue.js TARGET [CUSTOMER] [--demo]');
  process.exit(2);
}

const SERVICE = 'kiki.syncvalue.v1.SyncValueService';
const metadata = new Metadata();
metadata.set('authorization', `Bearer ${key}`);
const within = (ms) => ({ deadline: Date.now() + ms });

/** A call with one answer as a promise. */
const unary = (client, method, request) =>
  new Promise((resolve, reject) => {
    client[method](request, metadata, within(10_000), (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });

/** 150 customers over two years, the same in every language. */
function demoLog() {
  const rows = [];
  for (let customer = 1; customer <= 150; customer++) {
    const purchases = 1 + ((customer * customer) % 7);
    for (let n = 0; n < purchases; n++) {
      const day = ((customer * 37) % 300) + n * (5 + ((customer * 11) % 50));
      rows.push({
        customer_id: `customer-${customer}`,
        occurred_at: { seconds: Date.UTC(2024, 0, 1) / 1000 + day * 86_400, nanos: 0 },
        amount_micros: String(10_000_000 + ((customer * 7_919 + n * 104_729) % 40_000) * 1000),
        currency: 'EUR',
        kind: 'TRANSACTION_KIND_PURCHASE',
      });
    }
  }
  return rows;
}

function ingest(client, transactions) {
  return new Promise((resolve, reject) => {
    const call = client.IngestTransactions(metadata, within(60_000), (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
    for (let from = 0; from < transactions.length; from += 100) {
      call.write({ transactions: transactions.slice(from, from + 100) });
    }
    call.end();
  });
}

async function fit(client) {
  let model;
  for await (const update of client.FitModel({}, metadata, within(60_000))) {
    model = update.model ?? model;
  }
  return model;
}

const server = new ReflectedServer(target);
const services = await server.services();
const health = await unary(await server.client('grpc.health.v1.Health'), 'Check', {
  service: SERVICE,
});
const value = await server.client(SERVICE);
const report = isDemo ? await ingest(value, demoLog()) : undefined;
const model = isDemo ? await fit(value) : undefined;
const customer = { customer_id: customerId };
const { prediction } = await unary(value, 'Predict', { customer });
const { explanation } = await unary(value, 'Explain', { customer });
server.close();

const printed = {
  services,
  health: health.status,
  ...(isDemo && { received: report.received_count, modelVersion: model.model_version }),
  expectedPurchases: prediction.expected_purchases,
  ltvMicros: prediction.ltv_micros,
  currency: prediction.currency,
  value: explanation.factors.value,
  contributions: explanation.contributions.map((one) => [one.feature, one.value_delta]),
  sentence: explanation.sentence,
};
console.log(JSON.stringify(printed));
process.exit(0);
