import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { Config } from '../config/config.js';

/** A plain-text mail. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Stays the same when the mail is sent again. */
  readonly messageId: string;
}

const TIMEOUT_MS = 10_000;

/** Hands mail to the server of SMTP_URL. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly transport: Transporter | null;

  constructor(private readonly config: Config) {
    this.transport =
      config.smtpUrl === null
        ? null
        : createTransport({
            url: config.smtpUrl,
            connectionTimeout: TIMEOUT_MS,
            greetingTimeout: TIMEOUT_MS,
            socketTimeout: TIMEOUT_MS,
            disableFileAccess: true,
            disableUrlAccess: true,
          });
  }

  /** Whether there is a server at all. */
  get isConfigured(): boolean {
    return this.transport !== null;
  }

  /** @throws Error when the server does not take it. */
  async send({ to, subject, text, messageId }: Mail): Promise<void> {
    if (this.transport === null) throw new Error('SMTP_URL is not set');
    await this.transport.sendMail({
      from: this.config.mailFrom,
      // As an object: an address is never parsed for more addresses.
      to: { name: '', address: to },
      subject,
      text,
      messageId,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  }

  onApplicationShutdown(): void {
    this.transport?.close();
  }
}
