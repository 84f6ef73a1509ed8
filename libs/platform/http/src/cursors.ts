import { createHmac, timingSafeEqual } from 'node:crypto';
import { errors } from './errors.js';

/** Where a page ended: the sort key of its last row. */
export type CursorPosition = readonly (string | number | null)[];

const TAG_BYTES = 12;

/** Opaque, signed positions of lists, so that a caller can neither read meaning into one nor make one up. */
export class Cursors {
  constructor(private readonly secret: string) {}

  /** @param list the list and its tenant, e.g. `holds:${tenant}`; a cursor of one list is refused by another */
  encode(list: string, position: CursorPosition): string {
    const body = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.tag(list, body), body]).toString('base64url');
  }

  /** @throws cursor_invalid */
  decode(list: string, cursor: string): CursorPosition {
    const bytes = Buffer.from(cursor, 'base64url');
    const body = bytes.subarray(TAG_BYTES);
    const isOurs =
      bytes.length > TAG_BYTES &&
      timingSafeEqual(bytes.subarray(0, TAG_BYTES), this.tag(list, body));
    if (!isOurs) {
      throw errors.cursor_invalid(undefined, {
        fields: [
          { field: 'cursor', expected: '`nextCursor` of the previous page of the same list' },
        ],
      });
    }
    return JSON.parse(body.toString('utf8')) as CursorPosition;
  }

  /**
   * Cuts a page out of `limit + 1` rows that were read, so that the last page is known without counting.
   * @param positionOf the sort key of a row
   */
  page<R>(
    list: string,
    rows: readonly R[],
    limit: number,
    positionOf: (row: R) => CursorPosition,
  ): { readonly items: readonly R[]; readonly nextCursor: string | null } {
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items, nextCursor: hasMore ? this.encode(list, positionOf(last)) : null };
  }

  private tag(list: string, body: Buffer): Buffer {
    const mac = createHmac('sha256', this.secret).update('kiki-cursor\0').update(list).update('\0');
    return mac.update(body).digest().subarray(0, TAG_BYTES);
  }
}
