import type { Clock } from '@kiki/kernel';
import { SEEN_AFTER_MS } from './leased-views.js';
import { PostgresModels } from './postgres-models.js';

/** Models whose labels count in every process once their move is acknowledged; see `LeasedViews`. */
export class SeenModels extends PostgresModels {
  private readonly time: Clock;

  constructor(...parts: ConstructorParameters<typeof PostgresModels>) {
    super(...parts);
    [, this.time] = parts;
  }

  override add(...asked: Parameters<PostgresModels['add']>): ReturnType<PostgresModels['add']> {
    return this.seen(super.add(...asked));
  }

  override promote(
    ...asked: Parameters<PostgresModels['promote']>
  ): ReturnType<PostgresModels['promote']> {
    return this.seen(super.promote(...asked));
  }

  override rollback(
    ...asked: Parameters<PostgresModels['rollback']>
  ): ReturnType<PostgresModels['rollback']> {
    return this.seen(super.rollback(...asked));
  }

  private async seen<T>(change: Promise<T>): Promise<T> {
    const result = await change;
    await this.time.sleep(SEEN_AFTER_MS);
    return result;
  }
}
