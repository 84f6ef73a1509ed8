import { Mailer, type Delivery } from '../../application/mailer.js';

/** Stands in where no mail server is set: nothing leaves, and it says so. */
export class NoMailer extends Mailer {
  override readonly lanes = 1;

  override send(): Promise<Delivery> {
    return Promise.resolve({ kind: 'unreachable', why: 'SYNCENGAGE_SMTP_URL is not set' });
  }
}
