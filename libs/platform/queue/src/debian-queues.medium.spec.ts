/** Goal: queues on the oldest PostgreSQL we support keep every promise. Method: the conformance suite on a private server that is killed in it. */
import { afterAll, beforeAll } from '@jest/globals';
import {
  createTestDatabase,
  debianPostgresMissing,
  describeUnless,
  startDebianPostgres,
  type DebianPostgres,
  type TestDatabase,
} from '@kiki/testing';
import { openPostgresQueueBackend } from './postgres-queue-backend.js';
import { queuesConformance } from './queues.conformance.js';

describeUnless(debianPostgresMissing(), 'the machine’s PostgreSQL', () => {
  let server: DebianPostgres;
  let store: TestDatabase;
  beforeAll(async () => {
    server = (await startDebianPostgres())!;
    store = await createTestDatabase({ schema: 'syncflow', connection: server.connection });
  }, 60_000);
  afterAll(async () => {
    await store?.drop();
    await server?.stop();
  });

  queuesConformance('the machine’s PostgreSQL', () => ({
    open: () => openPostgresQueueBackend({ connection: store.connection, service: 'syncflow' }),
    reach: { connection: store.connection },
    crash: () => server.crash(),
    restart: () => server.start(),
  }));
});
