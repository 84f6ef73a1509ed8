import type { ReportBody } from './compliance-answers.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and in quoted attributes. */
export function escaped(text: string | number | null): string {
  return String(text ?? '–').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

const STYLE = `body{font:14px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c1c1e}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{border:1px solid #d0d0d5;padding:.3rem .6rem;
text-align:left;vertical-align:top}th{background:#f3f3f6}pre{background:#f3f3f6;padding:1rem;overflow:auto}
h1{font-size:1.5rem}h2{font-size:1.1rem}.late{color:#b00020;font-weight:600}`;

type Cell = string | number | null | readonly string[];

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '<p>None in this period.</p>';
  const cell = (value: Cell): string =>
    `<td>${escaped(typeof value === 'object' ? (value?.join(', ') ?? null) : value)}</td>`;
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  const titles = head.map((title) => `<th scope="col">${escaped(title)}</th>`).join('');
  return `<table><thead><tr>${titles}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

const section = (title: string, content: string): string =>
  `<section><h2>${escaped(title)}</h2>\n${content}</section>`;

/** The report as one page that needs nothing else: no script, no link to elsewhere. */
export function compliancePage(report: ReportBody): string {
  const title = `Compliance report of ${report.tenant}`;
  const late = report.requests.reduce((sum, one) => sum + one.late, 0);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${escaped(report.from)} to ${escaped(report.to)}, made ${escaped(report.generatedAt)}.
<span class="${late > 0 ? 'late' : ''}">${late} requests beyond their deadline.</span></p>
${section('Requests of data subjects', requestsTable(report))}
${section('Consent', table(['record', 'count'], report.consents.map(pair)))}
${section('Denied spending', table(['reason', 'count'], report.denials.map(pair)))}
${section('Events', table(['what', 'begun', 'ended', 'active'], events(report)))}
${section('Deleted by retention', retentionTable(report))}
${section('Retention rules', rulesTable(report))}
${section('Audit log', `<pre>${escaped(report.checkpoint ?? 'not signed yet')}</pre>`)}
${section('Record of processing activities (GDPR Art. 30)', processing(report))}
</body></html>
`;
}

const pair = ({ name, count }: { name: string; count: number }): Cell[] => [name, count];

function requestsTable({ requests }: ReportBody): string {
  const head = ['kind', 'law', 'received', 'completed', 'rejected', 'cancelled', 'open', 'late'];
  return table(
    [...head, 'median s', 'longest s'],
    requests.map((one) => [
      ...[one.kind, one.regime, one.received, one.completed, one.rejected, one.cancelled],
      ...[one.open, one.late, one.medianSeconds, one.longestSeconds],
    ]),
  );
}

function events({ breaches, killSwitches, legalHolds }: ReportBody): Cell[][] {
  return [
    ['breaches of a budget', breaches.opened, breaches.closed, breaches.open],
    ['kill switches', killSwitches.set, killSwitches.lifted, killSwitches.active],
    ['legal holds', legalHolds.placed, legalHolds.released, legalHolds.active],
  ];
}

function retentionTable({ retention }: ReportBody): string {
  const rows = retention.map(({ category, runs, rows: count }) => [category, runs, count]);
  return table(['category', 'runs', 'rows'], rows);
}

function rulesTable({ retentionRules }: ReportBody): string {
  const rows = retentionRules.map(({ category, keepDays, what }) => [category, keepDays, what]);
  return table(['category', 'days', 'what'], rows);
}

function processing({ processing: services }: ReportBody): string {
  const head = ['store', 'subjects', 'data', 'purpose', 'basis', 'kept', 'on erasure'];
  return services
    .map(({ service, isReachable, stores }) => {
      const rows = stores.map((one) => [
        ...[one.store, one.subjects, one.categories, one.purpose, one.basis, one.retention],
        one.onErase,
      ]);
      const content = isReachable ? table(head, rows) : '<p>The service did not answer.</p>';
      return `<h3>${escaped(service)}</h3>\n${content}`;
    })
    .join('\n');
}
