import { RequireScope, Tenant } from '@kiki/auth';
import type * as wire from '@kiki/contract-syncvalue';
import { Cursors, type CursorPosition } from '@kiki/http';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { CustomerScores } from '../../application/customer-scores.js';
import { ListCustomers, type ScorePosition } from '../../application/list-customers.js';
import { driftAnswer } from './drift-answer.js';
import { tierOf } from './enums.js';
import { scoreAnswer, scoreStampAnswer } from './score-answer.js';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;

/** All customers by what they are worth, and how far they are from those that the champion was fitted to. */
@Controller()
export class PopulationController {
  constructor(
    private readonly customers: ListCustomers,
    private readonly scores: CustomerScores,
    private readonly cursors: Cursors,
  ) {}

  @GrpcMethod('SyncValueService', 'ListCustomers')
  @RequireScope('value:read')
  async listCustomers(
    @Payload() { pageSize, pageToken, valueTier }: wire.ListCustomersRequest,
    @Tenant() tenant: string,
  ): Promise<wire.ListCustomersResponse> {
    const tier = tierOf(valueTier);
    const list = `customers:${tenant}:${tier ?? 'all'}`;
    const position =
      pageToken === '' ? undefined : positionOf(this.cursors.decode(list, pageToken));
    const limit = Math.min(pageSize || DEFAULT_PAGE, MAX_PAGE);
    const { customers, stamp, next } = await this.customers.execute(tenant, {
      ...{ tier, limit, position },
    });
    return {
      customers: customers.map(scoreAnswer),
      nextPageToken: next === undefined ? '' : this.cursors.encode(list, cursorOf(next)),
      stamp: scoreStampAnswer(stamp),
    };
  }

  @GrpcMethod('SyncValueService', 'GetDrift')
  @RequireScope('value:read')
  async getDrift(@Tenant() tenant: string): Promise<wire.GetDriftResponse> {
    const drift = (await this.scores.pass(tenant))?.drift;
    return { drift: drift && driftAnswer(drift) };
  }
}

function cursorOf({ generation, after }: ScorePosition): CursorPosition {
  return [String(generation), String(after.ltvMicros), after.customerId];
}

function positionOf([generation, ltvMicros, customerId]: CursorPosition): ScorePosition {
  return {
    generation: BigInt(generation ?? 0),
    after: { ltvMicros: BigInt(ltvMicros ?? 0), customerId: String(customerId) },
  };
}
