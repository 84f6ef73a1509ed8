import { FILE_DESCRIPTOR_SET_BASE64 } from './generated/descriptor-set.js';
import { SyncValueServiceService } from './generated/kiki/syncvalue/v1/sync_value_service.js';

/** Full name of the service, for health checks and reflection. */
export const SYNCVALUE_SERVICE = 'kiki.syncvalue.v1.SyncValueService';

/** The service as `@kiki/grpc` serves it: paths, codecs, descriptors. */
export const syncValueGrpc = {
  name: SYNCVALUE_SERVICE,
  definition: SyncValueServiceService,
  fileDescriptorSet: Buffer.from(FILE_DESCRIPTOR_SET_BASE64, 'base64'),
} as const;
