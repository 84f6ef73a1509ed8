import { RequireScope, Tenant } from '@kiki/auth';
import type * as wire from '@kiki/contract-syncvalue';
import { Controller } from '@nestjs/common';
import { GrpcStreamMethod, Payload } from '@nestjs/microservices';
import { IngestTransactions } from '../../application/ingest-transactions.js';
import { RowCounts } from '../metrics/prediction-counts.js';
import { ingestAnswer } from './answers.js';
import { chunksOf } from './requests.js';

/** Takes order logs in. */
@Controller()
export class TransactionsController {
  constructor(
    private readonly ingest: IngestTransactions,
    private readonly counts: RowCounts,
  ) {}

  @GrpcStreamMethod('SyncValueService', 'IngestTransactions')
  @RequireScope('value:write')
  async ingestTransactions(
    @Payload() messages: AsyncIterable<wire.IngestTransactionsRequest>,
    @Tenant() tenant: string,
  ): Promise<wire.IngestTransactionsResponse> {
    const report = await this.ingest.execute(tenant, chunksOf(messages), (outcome) =>
      this.counts.count(outcome),
    );
    return ingestAnswer(report);
  }
}
