import { Clock } from '@kiki/kernel';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { ExecuteSubjectRequest } from './execute-subject-request.js';
import { Reclaimer } from './reclaimer.js';
import { SubjectData } from './subject-data.js';

/** What a service needs beside its own {@link SubjectData}. */
export const subjectDataProviders: readonly FactoryProvider[] = [
  {
    provide: Reclaimer,
    inject: [Database, Clock],
    useFactory: (database: Database, clock: Clock) => new Reclaimer(database, clock),
  },
  {
    provide: ExecuteSubjectRequest,
    inject: [SubjectData, Database, Reclaimer, Clock],
    useFactory: (data: SubjectData, database: Database, reclaimer: Reclaimer, clock: Clock) =>
      new ExecuteSubjectRequest(data, database, reclaimer, clock),
  },
];
