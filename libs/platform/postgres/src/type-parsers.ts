import pg from 'pg';

const TEXT_ARRAY = 1009;
const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const TIMESTAMP = 1114;

type TypeParser = (text: string) => unknown;

const parseArrayOfText = pg.types.getTypeParser(TEXT_ARRAY as 25) as (
  text: string,
) => (string | null)[];

const own: ReadonlyMap<number, TypeParser> = new Map<number, TypeParser>([
  [INT8, (text) => BigInt(text)],
  [
    INT8_ARRAY,
    (text) => parseArrayOfText(text).map((item) => (item === null ? null : BigInt(item))),
  ],
  // A calendar day stays its text: `pg` would make it midnight of the machine's time zone.
  [DATE, (text) => text],
  [TIMESTAMP, (text) => new Date(`${text.replace(' ', 'T')}Z`)],
]);

/** Parsers of one pool: int8 as bigint, date as `YYYY-MM-DD`, timestamp as UTC; `pg`'s own for the rest. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary'): TypeParser =>
    (format === 'binary' ? undefined : own.get(oid)) ??
    (pg.types.getTypeParser(oid, format) as TypeParser)) as typeof pg.types.getTypeParser,
};
