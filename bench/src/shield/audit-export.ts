import type { AuditedShield } from './audit-shield.js';

interface Page {
  readonly items: readonly { seq: number; record: string; leaf: string | null }[];
  readonly nextFrom: number | null;
}

const PAGE = 4_096;

/** The lines that an auditor gets from the API, page by page. @throws when the service refuses */
export async function* exportedPages(shield: AuditedShield): AsyncGenerator<Uint8Array> {
  let from: number | null = 0;
  while (from !== null) {
    const answer = await shield.get(`/v1/audit/entries?from=${from}&limit=${PAGE}`);
    if (!answer.ok) throw new Error(`the export was refused: ${await answer.text()}`);
    const page = (await answer.json()) as Page;
    const lines = page.items.map(({ seq, record, leaf }) =>
      JSON.stringify({ seq, record, ...(leaf === null ? {} : { leaf }) }),
    );
    if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`, 'utf8');
    from = page.nextFrom;
  }
}

/** The checkpoint that the service serves. */
export async function servedCheckpoint(shield: AuditedShield): Promise<string> {
  const answer = await shield.get('/v1/audit/checkpoint');
  return answer.text();
}
