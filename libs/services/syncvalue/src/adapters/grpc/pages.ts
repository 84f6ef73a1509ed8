import type { Cursors } from '@kiki/http';

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

/** What a caller asked for. */
export interface AskedPage {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Pages of lists that are ordered by a descending id. */
export class IdPages {
  constructor(private readonly cursors: Cursors) {}

  /** @param read gives up to `limit` + 1 rows below `beforeId` @throws cursor_invalid */
  async read<R extends { readonly id: number }>(
    list: string,
    { pageSize, pageToken }: AskedPage,
    read: (page: { limit: number; beforeId: number | undefined }) => Promise<R[]>,
  ): Promise<{ readonly items: readonly R[]; readonly nextPageToken: string }> {
    const limit = Math.min(pageSize || DEFAULT_PAGE, MAX_PAGE);
    const [before] = pageToken === '' ? [] : this.cursors.decode(list, pageToken);
    const rows = await read({ limit, beforeId: typeof before === 'number' ? before : undefined });
    const { items, nextCursor } = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { items, nextPageToken: nextCursor ?? '' };
  }
}
