import { RequireScope, Tenant } from '@kiki/auth';
import type * as wire from '@kiki/contract-syncvalue';
import { Call } from '@kiki/grpc';
import type { CallContext } from '@kiki/grpc';
import { kernelErrors } from '@kiki/kernel';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod, Payload } from '@nestjs/microservices';
import { ExplainCustomer, itemError } from '../../application/explain-customer.js';
import { GetCustomer } from '../../application/get-customer.js';
import { PredictCustomers } from '../../application/predict-customers.js';
import { Shadow } from '../../application/shadow.js';
import { orderLogErrors } from '@kiki/orderlog';
import { isUsableId } from '../../domain/transaction.js';
import { PredictionCounts } from '../metrics/prediction-counts.js';
import { customerAnswer, explainAnswer } from './answers.js';
import { encodedBatch, encodedPrediction } from './prediction-codec.js';
import { instantOf, optionsOf, queryOf } from './requests.js';

/** Predictions and what they are made from; predictions are answered encoded, see `servedGrpc`. */
@Controller()
export class PredictionsController {
  constructor(
    private readonly predictions: PredictCustomers,
    private readonly explanations: ExplainCustomer,
    private readonly customers: GetCustomer,
    private readonly counts: PredictionCounts,
    private readonly shadow: Shadow,
  ) {}

  @GrpcMethod('SyncValueService', 'Predict')
  @RequireScope('value:read')
  async predict(
    @Payload() request: wire.PredictRequest,
    @Tenant() tenant: string,
    @Call() call: CallContext,
  ): Promise<Buffer> {
    const query = queryOf(request.customer);
    const options = optionsOf(request.options);
    const batch = await this.predictions.executeOne(tenant, query, options, call);
    this.counts.count(batch.outcomes);
    this.shadow.offer(tenant, [query], options);
    const [outcome] = batch.outcomes;
    if (outcome?.prediction === undefined) throw itemError(outcome?.problem);
    return encodedPrediction(outcome.prediction, batch);
  }

  @GrpcMethod('SyncValueService', 'PredictBatch')
  @RequireScope('value:read')
  async predictBatch(
    @Payload() { customers, options }: wire.PredictBatchRequest,
    @Tenant() tenant: string,
    @Call() call: CallContext,
  ): Promise<Buffer> {
    if (customers.length === 0) {
      throw kernelErrors.invalid_request('The batch asks for nobody.', {
        fields: [{ field: 'customers', expected: '1 to 10000 queries' }],
      });
    }
    return this.answer(tenant, customers, options, call);
  }

  @GrpcStreamMethod('SyncValueService', 'PredictStream')
  @RequireScope('value:read')
  async *predictStream(
    @Payload() requests: AsyncIterable<wire.PredictStreamRequest>,
    @Tenant() tenant: string,
    @Call() call: CallContext,
  ): AsyncGenerator<Buffer> {
    let last: wire.PredictionOptions | undefined;
    for await (const { customers, options } of requests) {
      last = options ?? last;
      yield await this.answer(tenant, customers, last, call);
    }
  }

  @GrpcMethod('SyncValueService', 'Explain')
  @RequireScope('value:read')
  async explain(
    @Payload() { customer, options }: wire.ExplainRequest,
    @Tenant() tenant: string,
  ): Promise<wire.ExplainResponse> {
    const asked = optionsOf(options);
    return explainAnswer(await this.explanations.execute(tenant, queryOf(customer), asked));
  }

  @GrpcMethod('SyncValueService', 'GetCustomer')
  @RequireScope('value:read')
  async getCustomer(
    @Payload() { customerId, asOf }: wire.GetCustomerRequest,
    @Tenant() tenant: string,
  ): Promise<wire.GetCustomerResponse> {
    if (!isUsableId(customerId)) throw orderLogErrors.customer_id_invalid();
    const at = instantOf(asOf, 'as_of');
    return customerAnswer(await this.customers.execute(tenant, customerId, at));
  }

  private async answer(
    tenant: string,
    customers: readonly wire.CustomerQuery[],
    options: wire.PredictionOptions | undefined,
    call: CallContext,
  ): Promise<Buffer> {
    const queries = customers.map(queryOf);
    const asked = optionsOf(options);
    const batch = await this.predictions.execute(tenant, queries, asked, call);
    this.counts.count(batch.outcomes);
    this.shadow.offer(tenant, queries, asked);
    return encodedBatch(batch);
  }
}
