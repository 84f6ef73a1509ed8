/**
 * Goal: the PostgreSQL ledger keeps the ledger's promises on the embedded server and on the
 * PostgreSQL of the machine.
 * Method: the conformance suites of the port, each on a database of its own.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { debianPostgresMissing, describeUnless, startDebianPostgres } from '@kiki/testing';
import { capsConformance } from '../../application/caps.conformance.js';
import { ledgerConformance } from '../../application/ledger.conformance.js';
import { openFixture } from './postgres-ledger.fixture.js';

ledgerConformance('embedded PostgreSQL', () => openFixture());
capsConformance('embedded PostgreSQL', () => openFixture());

describeUnless(debianPostgresMissing(), "the machine's PostgreSQL", () => {
  let server: Awaited<ReturnType<typeof startDebianPostgres>>;
  beforeAll(async () => {
    server = await startDebianPostgres();
  });
  ledgerConformance('PostgreSQL of the machine', () => openFixture(server?.connection));
  capsConformance('PostgreSQL of the machine', () => openFixture(server?.connection));
  afterAll(async () => {
    await server?.stop();
  });
});
