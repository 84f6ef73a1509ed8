import { withEngine } from '@kiki/columnar';
import { SeededRandom } from '@kiki/kernel';
import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';

/** BG/NBD with parameters whose draws are plain logarithms: rates exponential, dropout 1 − u^(1/b). Weeks. */
export const LARGE_LOG = { r: 1, alpha: 5, a: 1, b: 2.5 } as const;

const DAYS = 730;
const FIRST_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const CUT = 1 << 16;

/** Writes a simulated order log of about `rows` rows, ordered by date, as Parquet; returns its rows. */
export async function writeLargeLog(parquet: string, rows: number, seed: number): Promise<number> {
  const csv = `${parquet}.csv`;
  try {
    const written = await writeCsv(csv, rows, seed);
    await withEngine({ memoryMiB: 2048 }, (connection) =>
      connection.run(
        `COPY (SELECT id, date, amount FROM read_csv('${csv}', columns = {id: 'VARCHAR', date: 'DATE',
           amount: 'DECIMAL(12, 2)'}, header = false) ORDER BY date) TO '${parquet}' (FORMAT parquet)`,
      ),
    );
    return written;
  } finally {
    rmSync(csv, { force: true });
  }
}

async function writeCsv(path: string, rows: number, seed: number): Promise<number> {
  const random = new SeededRandom(seed);
  const days = Array.from({ length: DAYS + 1 }, (_, day) =>
    new Date(FIRST_MS + day * DAY_MS).toISOString().slice(0, 10),
  );
  const out = createWriteStream(path);
  let [written, text] = [0, ''];
  for (let customer = 0; written < rows; customer++) {
    for (const day of purchaseDays(random)) {
      text += `customer-${customer},${days[day]},${5 + random.nextInt(20_000) / 100}\n`;
      written += 1;
    }
    if (text.length < CUT) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'close');
  return written;
}

/** Days of one customer's purchases. */
function purchaseDays(random: SeededRandom): number[] {
  const draw = (): number => -Math.log(1 - random.nextDouble());
  const perDay = draw() / LARGE_LOG.alpha / 7;
  const dropout = 1 - (1 - random.nextDouble()) ** (1 / LARGE_LOG.b);
  const bought: number[] = [];
  for (let at = random.nextInt(DAYS / 2); at <= DAYS; at += draw() / perDay) {
    bought.push(Math.floor(at));
    if (bought.length > 1 && random.nextDouble() < dropout) break;
  }
  return bought;
}
