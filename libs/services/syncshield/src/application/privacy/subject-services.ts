import type { SubjectAnswer, SubjectRequest } from '@kiki/subject-data';
import type { StepService } from '../../domain/privacy/privacy-request.js';

/** The five services as SyncShield asks them on behalf of a data subject. */
export abstract class SubjectServices {
  /** @throws unavailable, deadline_exceeded: ask again; the service's own codes */
  abstract execute(service: StepService, request: SubjectRequest): Promise<SubjectAnswer>;
}
