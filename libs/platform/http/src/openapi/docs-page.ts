import { createHash } from 'node:crypto';
import type { OpenApiDocument, OpenApiOperation } from './openapi-document.js';

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#1c2430;background:#fff}
h1{margin-bottom:0}h2{margin-top:2.5rem;border-bottom:1px solid #d5dbe5}
details{border:1px solid #d5dbe5;border-radius:6px;margin:.5rem 0;padding:.5rem .75rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#f5f7fa;padding:.75rem;overflow:auto;border-radius:6px}
.method{display:inline-block;min-width:4.5rem;font-weight:700}.scope{color:#5a6b85;float:right}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #e6eaf0;vertical-align:top}
@media (prefers-color-scheme:dark){body{background:#12161d;color:#dfe6f0}pre{background:#1b212b}
details,h2,td,th{border-color:#323c4b}}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Allows exactly this page's own style; the page has no script and loads nothing. */
export const DOCS_POLICY = `default-src 'none'; frame-ancestors 'none'; style-src 'sha256-${STYLE_HASH}'`;

/** The document as one page to read: no script, no other file. */
export function docsPage(document: OpenApiDocument): string {
  const { title, version, description = '' } = document.info;
  const sections = [...byTag(document)].map(
    ([tag, routes]) => `<h2>${escapeHtml(tag)}</h2>${routes.join('')}`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} API</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1><p>Version ${escapeHtml(version)}. ${escapeHtml(description)}</p>
<p>Send your key as <code>Authorization: Bearer kiki_…</code>. Errors are problem details (RFC 9457).
The machine-readable form is <a href="openapi.json">openapi.json</a>.</p>${sections.join('')}</body></html>`;
}

function byTag(document: OpenApiDocument): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? 'Other';
      const routes = sections.get(tag) ?? [];
      routes.push(route(method.toUpperCase(), path, operation));
      sections.set(tag, routes);
    }
  }
  return sections;
}

function route(method: string, path: string, operation: OpenApiOperation): string {
  const access = operation['x-kiki-scope'] ?? operation['x-kiki-access'] ?? '';
  return `<details><summary><span class="method">${method}</span><code>${escapeHtml(path)}</code>
<span class="scope">${escapeHtml(textOf(access))}</span></summary>
<p>${escapeHtml([operation.summary, operation.description].filter(Boolean).join(' '))}</p>
${parameters(operation)}${body(operation)}${answers(operation)}</details>`;
}

function parameters(operation: OpenApiOperation): string {
  const rows = (operation.parameters ?? []).map(
    (
      p,
    ) => `<tr><td><code>${escapeHtml(p.name)}</code></td><td>${escapeHtml(p.in)}${p.required ? ', required' : ''}</td>
<td>${escapeHtml(p.description ?? '')}</td><td><code>${json(p.schema)}</code></td></tr>`,
  );
  return rows.length === 0 ? '' : `<h4>Parameters</h4><table>${rows.join('')}</table>`;
}

function body(operation: OpenApiOperation): string {
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return schema === undefined ? '' : `<h4>Body</h4><pre>${json(schema, 2)}</pre>`;
}

function answers(operation: OpenApiOperation): string {
  const rows = Object.entries(operation.responses).map(([status, answer]) => {
    const {
      description = '',
      content,
      $ref = '',
    } = answer as {
      description?: string;
      $ref?: string;
      content?: Record<string, { schema?: unknown }>;
    };
    const schema = Object.values(content ?? {})[0]?.schema;
    const text = $ref === '' ? description : ($ref.split('/').at(-1) ?? '');
    const details = schema === undefined ? '' : `<pre>${json(schema, 2)}</pre>`;
    return `<tr><td>${escapeHtml(status)}</td><td>${escapeHtml(text)}${details}</td></tr>`;
  });
  return `<h4>Answers</h4><table>${rows.join('')}</table>`;
}

function json(value: unknown, indent?: number): string {
  return escapeHtml(JSON.stringify(value, null, indent) ?? '');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
