import type { AuthAdmin } from '@kiki/auth';
import type { Environment, Profile } from '@kiki/config';
import type { ServiceName } from '@kiki/host';

/** The services that a demo calls over HTTP. */
export type HttpService = Exclude<ServiceName, 'syncvalue'>;

/** The five services, wherever they run. */
export interface DemoServices {
  readonly profile: Profile;
  /** e.g. `PostgreSQL 18.4, embedded`. */
  readonly stores: string;
  /** Tenants, keys and live channels of the installation. */
  readonly admin: AuthAdmin;
  /** What another process of theirs is started with. */
  readonly environment: Environment;
  /** Where SyncValue itself listens, behind the severable link. */
  readonly valueTarget: string;
  httpUrl(service: HttpService): string;
  close(): Promise<void>;
}
