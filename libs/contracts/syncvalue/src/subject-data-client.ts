import { GrpcClient, type GrpcCallOptions, type GrpcClientOptions } from '@kiki/grpc';
import {
  SubjectDataServiceService as methods,
  type ExecuteRequest,
  type ExecuteResponse,
} from './generated/kiki/syncvalue/v1/privacy.js';

/** Client of SubjectDataService: what SyncValue does for one data subject. */
export class SubjectDataClient {
  private readonly channel: GrpcClient;

  constructor(options: GrpcClientOptions) {
    this.channel = new GrpcClient(options);
  }

  /** Safe to repeat: the first receipt comes back. @throws unavailable, deadline_exceeded */
  execute(request: Partial<ExecuteRequest>, call?: GrpcCallOptions): Promise<ExecuteResponse> {
    const full: ExecuteRequest = {
      ...{ requestId: '', action: 0, customerIds: [], email: '' },
      ...request,
    };
    return this.channel.unary(methods.execute, full, call);
  }

  close(): void {
    this.channel.close();
  }
}
