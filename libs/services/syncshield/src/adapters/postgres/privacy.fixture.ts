import { SeededRandom, SystemRandom, kernelErrors, type Clock } from '@kiki/kernel';
import { migrate, type PostgresDatabase } from '@kiki/postgres';
import type { SubjectAnswer, SubjectRequest } from '@kiki/subject-data';
import { createTestDatabase, FakeClock, type TestDatabase } from '@kiki/testing';
import type { Objections } from '../../application/privacy/objections.js';
import { RunPrivacyRequests } from '../../application/privacy/run-privacy-requests.js';
import { SubjectServices } from '../../application/privacy/subject-services.js';
import type { StepService } from '../../domain/privacy/privacy-request.js';
import { wrappingKeyOf } from '../../domain/subject-crypto.js';
import { KeyVault } from './key-vault.js';
import { PostgresLegalHolds } from './postgres-legal-holds.js';
import { PostgresPrivacyRequests } from './postgres-privacy-requests.js';
import { PostgresRetention } from './postgres-retention.js';
import { PostgresSubjectKeys } from './postgres-subject-keys.js';
import { KEYSTORE_SCHEMA } from './subject-key-rows.js';

const migrationsDir = new URL('../../../migrations/', import.meta.url);
const keystoreMigrationsDir = new URL('../../../keystore-migrations/', import.meta.url);

/** Services that answer, or do not, as a test says. */
export class ScriptedServices extends SubjectServices {
  readonly asked: { readonly service: StepService; readonly request: SubjectRequest }[] = [];
  /** Whether a service does not answer now. */
  isDown: (service: StepService) => boolean = () => false;
  located: readonly string[] = [];
  /** Why a service refuses for good. */
  refusalOf: (service: StepService) => string | undefined = () => undefined;

  override execute(service: StepService, request: SubjectRequest): Promise<SubjectAnswer> {
    this.asked.push({ service, request });
    if (this.isDown(service)) return Promise.reject(kernelErrors.unavailable());
    const { requestId, action } = request;
    const refusal = this.refusalOf(service);
    return Promise.resolve({
      receipt: {
        ...{ service, requestId, action, counts: { [`${service}.rows`]: 1 }, notes: [] },
        ...(refusal === undefined ? {} : { refusal }),
        ...{ completedAt: '2026-01-01T00:00:00.000Z', evidenceSha256: `hash of ${service}` },
      },
      ...(action === 'access'
        ? { parts: { [`${service}.rows`]: [{ of: request.customerIds }] } }
        : {}),
      ...(action === 'locate' ? { customerIds: this.located } : {}),
    });
  }
}

/** One more process on the same stores. */
export interface PrivacyProcess {
  readonly keys: PostgresSubjectKeys;
  readonly requests: PostgresPrivacyRequests;
  readonly holds: PostgresLegalHolds;
  readonly retention: PostgresRetention;
  readonly run: RunPrivacyRequests;
}

/** The saga on a database of its own. */
export interface PrivacyFixture extends PrivacyProcess {
  readonly test: TestDatabase;
  readonly database: PostgresDatabase;
  readonly clock: FakeClock;
  readonly services: ScriptedServices;
  /** Whom an objection was recorded for. */
  readonly objections: (readonly [string, readonly string[]])[];
  another(): Promise<PrivacyProcess>;
}

export async function openPrivacyFixture(): Promise<PrivacyFixture> {
  const test = await createTestDatabase({ schema: 'syncshield', migrationsDir });
  await migrate({
    ...{ connection: test.connection, schema: KEYSTORE_SCHEMA, directory: keystoreMigrationsDir },
  });
  const clock = new FakeClock();
  const services = new ScriptedServices();
  const objections: (readonly [string, readonly string[]])[] = [];
  const { database } = test;
  const another = (): Promise<PrivacyProcess> =>
    openProcess(database, clock, services, {
      stands: (_tenant: string, ids: readonly string[]) =>
        Promise.resolve(
          objections.some(([, objectors]) => objectors.some((id) => ids.includes(id))),
        ),
      object: (_tenant, requestId, ids) => {
        objections.push([requestId, ids]);
        return Promise.resolve();
      },
    } as Objections);
  return { ...(await another()), test, database, clock, services, objections, another };
}

async function openProcess(
  database: PostgresDatabase,
  clock: Clock,
  services: SubjectServices,
  objections: Objections,
): Promise<PrivacyProcess> {
  const kek = wrappingKeyOf('a secret of at least thirty-two characters');
  const vault = await KeyVault.open(database, [kek], new SystemRandom());
  const keys = new PostgresSubjectKeys(database, vault, clock);
  const requests = new PostgresPrivacyRequests(database, keys, clock);
  const holds = new PostgresLegalHolds(database, keys, clock);
  const observer = { stepped: () => undefined, counted: () => undefined };
  const tools = { requests, holds, services, objections, observer };
  return {
    ...{ keys, requests, holds },
    retention: new PostgresRetention(database, requests, clock, 30),
    run: new RunPrivacyRequests(tools, clock, new SeededRandom(1), 60_000),
  };
}
