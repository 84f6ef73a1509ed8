import { createHash } from 'node:crypto';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}' +
  'button{font:inherit;padding:.6rem 1.2rem;cursor:pointer}';

const styleHash = createHash('sha256').update(STYLE).digest('base64');

/** May show itself and send its own form, nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

function page(title: string, content: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">' +
    `<title>${title}</title><style>${STYLE}</style></head>` +
    `<body><main><h1>${title}</h1>${content}</main></body></html>`
  );
}

/** Asks; the form goes to the address of the page itself. */
export const ASK_PAGE = page(
  'Unsubscribe',
  '<p>Do you want to get no more e-mail from us?</p>' +
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">' +
    '<button type="submit">Yes, unsubscribe me</button></form>',
);

/** Says that it is done. */
export const DONE_PAGE = page(
  'You are unsubscribed',
  '<p>You will get no more e-mail from us.</p>',
);
