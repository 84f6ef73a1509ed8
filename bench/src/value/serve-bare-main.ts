/**
 * The peer: a bare grpc-js server of the same protocol whose answers are the same each time: it reads each
 * request and writes an answer of the same size, without authentication, metrics, deadlines or a model.
 */
import * as wire from '@kiki/contract-syncvalue';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';

const prediction: wire.Prediction = {
  expectedPurchases: 3.2519847103,
  aliveProbability: 0.8471902837,
  ltvMicros: 132_457_123n,
  currency: 'USD',
  expectedSpendMicros: 41_237_001n,
  fallbackReason: 0,
  horizonDays: 365.25,
  asOf: new Date(1_750_636_800_000),
  quantiles: [],
  valueTier: 3,
  activeProbability: 0.7937102938,
  acquisition: undefined,
};
const model: wire.ModelStamp = {
  modelVersion: 'v1',
  kind: wire.ModelKind.BGNBD,
  labels: [wire.ModelLabel.CHAMPION],
  calibrationEnd: new Date(1_750_636_800_000),
  modelAgeSeconds: 61n,
  unseenDataSeconds: 0n,
  isStale: false,
  timeUnit: wire.TimeUnit.WEEK,
  currency: 'USD',
};

function resultsOf(customers: readonly wire.CustomerQuery[]): wire.PredictionResult[] {
  return customers.map(() => ({ outcome: { $case: 'prediction', value: prediction } }));
}

function predict(
  _call: ServerUnaryCall<wire.PredictRequest, wire.PredictResponse>,
  reply: sendUnaryData<wire.PredictResponse>,
): void {
  reply(null, { prediction, model });
}

function predictBatch(
  call: ServerUnaryCall<wire.PredictBatchRequest, wire.PredictBatchResponse>,
  reply: sendUnaryData<wire.PredictBatchResponse>,
): void {
  reply(null, { results: resultsOf(call.request.customers), model });
}

function predictStream(
  call: ServerDuplexStream<wire.PredictStreamRequest, wire.PredictStreamResponse>,
): void {
  call.on('data', ({ customers }: wire.PredictStreamRequest) => {
    if (call.write({ results: resultsOf(customers), model })) return;
    call.pause();
    call.once('drain', () => call.resume());
  });
  call.on('end', () => call.end());
}

const megabytes = 16 * 1024 * 1024;
const server = new Server({
  'grpc.max_receive_message_length': megabytes,
  'grpc.max_send_message_length': megabytes,
});
server.addService(wire.syncValueGrpc.definition, { predict, predictBatch, predictStream });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.({ url: `http://127.0.0.1:${port}` });
});
