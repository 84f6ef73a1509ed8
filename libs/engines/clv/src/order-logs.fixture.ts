import { PurchaseHistory } from './purchase-history.js';

const DAY_MS = 86_400_000;

/** `YYYYMMDD` or an ISO text as days since 1970-01-01. */
export function dayOf(text: string): number {
  const iso = text.includes('-')
    ? text.slice(0, 10)
    : `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  return Date.parse(`${iso}T00:00:00Z`) / DAY_MS;
}

/** Ends of CDNOW's calibration and holdout, as the literature splits it. */
export const CALIBRATION_END = dayOf('1997-09-30');
export const HOLDOUT_END = dayOf('1998-06-30');

/** End of calibration of Online Retail. */
export const RETAIL_CALIBRATION_END = dayOf('2011-06-09');

/** CDNOW's raw text: the sample's rows have one column more. */
export function cdnowHistory(text: string): PurchaseHistory {
  const history = new PurchaseHistory();
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const date = fields.at(-3) ?? '';
    if (!/^\d{8}$/.test(date)) continue;
    history.addDay(fields[0] ?? '', dayOf(date), Math.round(Number(fields.at(-1)) * 1e6));
  }
  return history;
}

/** UCI Online Retail's invoices; the reference leaves the invoices of nothing out. */
export function onlineRetailHistory(text: string): PurchaseHistory {
  const history = new PurchaseHistory();
  for (const line of text.split('\n').slice(1)) {
    const [, id = '', at = '', , amount = ''] = line.split(',');
    const micros = Math.round(Number(amount) * 1e6);
    if (id !== '' && micros !== 0) history.addDay(id, dayOf(at), micros);
  }
  return history;
}
