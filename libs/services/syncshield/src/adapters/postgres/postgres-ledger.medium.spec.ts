/**
 * Goal: the PostgreSQL ledger keeps the ledger's promises on the embedded server and on the
 * PostgreSQL of the machine.
 * Method: the conformance suite of the port, on a database of its own.
 */
import { afterAll } from '@jest/globals';
import { debianPostgresMissing, describeUnless, startDebianPostgres } from '@kiki/testing';
import { ledgerConformance } from '../../application/ledger.conformance.js';
import { openFixture } from './postgres-ledger.fixture.js';

ledgerConformance('embedded PostgreSQL', () => openFixture());

describeUnless(debianPostgresMissing(), "the machine's PostgreSQL", () => {
  let server: Awaited<ReturnType<typeof startDebianPostgres>>;
  ledgerConformance('PostgreSQL of the machine', async () => {
    server = await startDebianPostgres();
    return openFixture(server?.connection);
  });
  afterAll(async () => {
    await server?.stop();
  });
});
