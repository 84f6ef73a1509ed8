import MailComposer from 'nodemailer/lib/mail-composer';
import type { Mail } from '../../application/mailer.js';

/** The bytes of a mail: text and the same as HTML, with one-click unsubscription (RFC 8058). */
export async function mimeOf(mail: Mail, from: string): Promise<Buffer> {
  const composer = new MailComposer({
    from,
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: htmlOf(mail.text),
    messageId: mail.messageId,
    date: mail.at,
    headers: {
      'List-Unsubscribe': { prepared: true, value: `<${mail.unsubscribeUrl}>` },
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    },
    // The text is a customer's data: nothing in it may be read as a file or a URL to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML: nothing in it is markup, addresses become links, lines stay lines. */
export function htmlOf(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  const linked = escaped.replace(
    /https?:\/\/[^\s<>"]+/g,
    (link) => `<a href="${link}">${link}</a>`,
  );
  return `<!doctype html><html><body><p>${linked.replace(/\r?\n/g, '<br>\n')}</p></body></html>`;
}
