import { FILE_DESCRIPTOR_SET_BASE64 } from './generated/descriptor-set.js';
import { SubjectDataServiceService } from './generated/kiki/syncvalue/v1/privacy.js';
import { SyncValueServiceService } from './generated/kiki/syncvalue/v1/sync_value_service.js';

/** Full name of the service, for health checks and reflection. */
export const SYNCVALUE_SERVICE = 'kiki.syncvalue.v1.SyncValueService';

/** The service as `@kiki/grpc` serves it: paths, codecs, descriptors. */
export const syncValueGrpc = {
  name: SYNCVALUE_SERVICE,
  definition: SyncValueServiceService,
  fileDescriptorSet: Buffer.from(FILE_DESCRIPTOR_SET_BASE64, 'base64'),
} as const;

/** Full name of the service that SyncShield asks on behalf of data subjects. */
export const SUBJECT_DATA_SERVICE = 'kiki.syncvalue.v1.SubjectDataService';

/** The same for it. */
export const subjectDataGrpc = {
  name: SUBJECT_DATA_SERVICE,
  definition: SubjectDataServiceService,
  fileDescriptorSet: Buffer.from(FILE_DESCRIPTOR_SET_BASE64, 'base64'),
} as const;
