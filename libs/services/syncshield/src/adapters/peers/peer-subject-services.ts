import { answerOf, createApi, type ApiAnswer } from '@kiki/api-client';
import { SubjectAction, SubjectDataClient, type ExecuteResponse } from '@kiki/contract-syncvalue';
import type { Peers } from '@kiki/auth';
import { DomainError } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type {
  ExecuteSubjectRequest,
  SubjectAnswer,
  SubjectParts,
  SubjectReceipt,
  SubjectRequest,
} from '@kiki/subject-data';
import type { OnApplicationShutdown } from '@nestjs/common';
import { SubjectServices } from '../../application/privacy/subject-services.js';
import type { StepService } from '../../domain/privacy/privacy-request.js';

/** A service rewrites its tables' files within an erasure. */
const TIMEOUT_MS = 100_000;
const PATH = '/v1/privacy/requests/execute';

/** The one route of the contract, the same in every service. */
interface SubjectPaths {
  readonly [PATH]: {
    readonly post: {
      readonly requestBody: { content: { 'application/json': Record<string, unknown> } };
      readonly responses: { 200: { content: { 'application/json': SubjectAnswer } } };
    };
  };
}

const GRPC_ACTION = {
  access: SubjectAction.ACCESS,
  erase: SubjectAction.ERASE,
  rectify: SubjectAction.RECTIFY,
  opt_out: SubjectAction.OPT_OUT,
  locate: SubjectAction.LOCATE,
  describe: SubjectAction.DESCRIBE,
} as const;

/** SyncValue over gRPC, SyncShield itself in this process, the others over HTTP. */
export class PeerSubjectServices extends SubjectServices implements OnApplicationShutdown {
  private value: SubjectDataClient | undefined;

  constructor(
    private readonly peers: Peers,
    private readonly own: ExecuteSubjectRequest,
    private readonly logger: Logger,
  ) {
    super();
  }

  override async execute(service: StepService, request: SubjectRequest): Promise<SubjectAnswer> {
    try {
      if (service === 'syncshield') return await this.own.execute(request);
      if (service === 'syncvalue') return await this.overGrpc(request);
      return await this.overHttp(service, request);
    } catch (error) {
      const { requestId, tenant } = request;
      const code = DomainError.is(error) ? error.code : 'internal';
      this.logger.warn('a service did not confirm a request', { service, requestId, tenant, code });
      throw error;
    }
  }

  /** Ends the connection to SyncValue. */
  onApplicationShutdown(): void {
    this.value?.close();
  }

  private overHttp(
    service: Exclude<StepService, 'syncshield' | 'syncvalue'>,
    { tenant, requestId, action, customerIds, email, changes }: SubjectRequest,
  ): Promise<SubjectAnswer> {
    const api = createApi<SubjectPaths>({
      baseUrl: this.peers.url(service),
      timeoutMs: TIMEOUT_MS,
    });
    const body = { requestId, action, customerIds, email, changes };
    const headers = this.peers.headers(tenant);
    return answerOf(api.POST(PATH, { body, headers }) as Promise<ApiAnswer<SubjectAnswer>>);
  }

  private async overGrpc(request: SubjectRequest): Promise<SubjectAnswer> {
    this.value ??= new SubjectDataClient({ target: this.peers.url('syncvalue') });
    const { tenant, requestId, action, customerIds, email = '' } = request;
    const answer = await this.value.execute(
      { requestId, action: GRPC_ACTION[action], customerIds: [...customerIds], email },
      { deadlineMs: TIMEOUT_MS, metadata: this.peers.headers(tenant) },
    );
    return answerFrom(answer, request);
  }
}

function answerFrom(
  { receipt, partsJson, stores }: ExecuteResponse,
  { action }: SubjectRequest,
): SubjectAnswer {
  const counts = Object.entries(receipt?.counts ?? {}).map(([store, rows]) => [
    store,
    Number(rows),
  ]);
  const read: SubjectReceipt = {
    ...{ service: receipt?.service ?? '', requestId: receipt?.requestId ?? '', action },
    counts: Object.fromEntries(counts) as Record<string, number>,
    notes: receipt?.notes ?? [],
    ...(receipt === undefined || receipt.refusal === '' ? {} : { refusal: receipt.refusal }),
    completedAt: (receipt?.completedAt ?? new Date(0)).toISOString(),
    evidenceSha256: receipt?.evidenceSha256 ?? '',
  };
  return {
    receipt: read,
    ...(partsJson === '' ? {} : { parts: JSON.parse(partsJson) as SubjectParts }),
    ...(action === 'describe' ? { stores: stores as never } : {}),
  };
}
