import { RequireScope, Tenant } from '@kiki/auth';
import * as wire from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import {
  ExecuteSubjectRequest,
  SubjectRequestBody,
  type SubjectAction,
  type SubjectAnswer,
} from '@kiki/subject-data';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';

const { SubjectAction: Wire } = wire;

const ACTIONS: Readonly<Record<SubjectAction, wire.SubjectAction>> = {
  access: Wire.ACCESS,
  erase: Wire.ERASE,
  rectify: Wire.RECTIFY,
  opt_out: Wire.OPT_OUT,
  locate: Wire.LOCATE,
  describe: Wire.DESCRIBE,
};

/** What SyncShield asks on behalf of a data subject. */
@Controller()
export class SubjectDataGrpcController {
  constructor(private readonly requests: ExecuteSubjectRequest) {}

  @GrpcMethod('SubjectDataService', 'Execute')
  @RequireScope('privacy:write')
  async execute(
    @Payload() request: wire.ExecuteRequest,
    @Tenant() tenant: string,
  ): Promise<wire.ExecuteResponse> {
    const { email, ...body } = readRequest(request);
    const answer = await this.requests.execute({
      ...{ tenant, requestId: body.requestId, action: body.action },
      customerIds: body.customerIds,
      ...(email === undefined ? {} : { email }),
    });
    return answerOf(answer);
  }
}

/** The same rules as over HTTP. @throws invalid_request naming the field */
function readRequest({ requestId, action, customerIds, email }: wire.ExecuteRequest) {
  const name = Object.entries(ACTIONS).find(([, code]) => code === action)?.[0];
  const parsed = SubjectRequestBody.safeParse({
    ...{ requestId, customerIds, action: name },
    ...(email === '' ? {} : { email }),
  });
  if (parsed.success) return parsed.data;
  throw kernelErrors.invalid_request('The request of a data subject has the wrong shape.', {
    fields: parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.'),
      expected: message,
    })),
  });
}

function answerOf({ receipt, parts, stores = [] }: SubjectAnswer): wire.ExecuteResponse {
  const counts = Object.fromEntries(
    Object.entries(receipt.counts).map(([store, rows]) => [store, BigInt(rows)]),
  );
  return {
    receipt: {
      ...{ ...receipt, action: ACTIONS[receipt.action], counts },
      notes: [...receipt.notes],
      refusal: receipt.refusal ?? '',
      completedAt: new Date(receipt.completedAt),
    },
    partsJson: parts === undefined ? '' : JSON.stringify(parts),
    stores: stores.map((store) => ({ ...store, categories: [...store.categories] })),
  };
}
