import { start } from '@kiki/host';
import { syncvalueDefinition } from '@kiki/service-syncvalue';
import { createTestDatabase, removeHome } from '@kiki/testing';

/** A SyncValue that the commands find. */
export interface ValueService {
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts SyncValue on a database of its own, with `home` as its folder, which goes when it stops. */
export async function startValueService(home: string): Promise<ValueService> {
  const store = await createTestDatabase({ schema: 'unused' });
  const settings = {
    DATABASE_URL: store.url,
    KIKI_HOME: home,
    KIKI_SECRET: 'a secret of at least thirty-two characters',
    KIKI_ENV: 'test',
    LOG_LEVEL: 'silent',
  };
  const host = await start([syncvalueDefinition], { environment: settings, portBase: 0 });
  return {
    environment: { ...settings, SYNCVALUE_URL: host.service('syncvalue').grpcTarget ?? '' },
    stop: async () => {
      await host.stop();
      await store.drop();
      removeHome(home);
    },
  };
}
