import { withEngine, type DuckConnection, type EngineOptions } from './duckdb.js';
import { errors } from './errors.js';

/** Runs `work` on an engine of its own, interrupted by the signal. */
export function askEngine<T>(
  options: EngineOptions & { readonly signal?: AbortSignal },
  work: (connection: DuckConnection) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  return withEngine(options, async (connection) => {
    signal?.throwIfAborted();
    const interrupt = (): void => connection.interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    try {
      return await work(connection);
    } catch (error) {
      signal?.throwIfAborted();
      throw explained(error);
    } finally {
      signal?.removeEventListener('abort', interrupt);
    }
  });
}

function explained(error: unknown): unknown {
  if (error instanceof Error && 'kind' in error) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return errors.columnar_source_unreadable(reason.slice(0, 500));
}
