import { Injectable } from '@nestjs/common';

/** What happens outside any transaction and leaves no row in the trail; never a secret, never an email address. */
export type Signal =
  /** `outcome`: `success`, `challenge` or a reason of the login audit. */
  | { readonly kind: 'login_attempt'; readonly outcome: string }
  | { readonly kind: 'second_factor'; readonly outcome: 'accepted' | 'refused' | 'locked' }
  /** A limit refused a request; `rule` is a name of the contract's table. */
  | { readonly kind: 'limit_hit'; readonly rule: string }
  /** A request of a signed-in person or of a service. */
  | { readonly kind: 'api_use'; readonly callerId: string; readonly organizationId: string }
  /** A ciphertext was refused: altered, moved, or its key is missing. */
  | {
      readonly kind: 'decrypt_failed';
      readonly reason: string;
      readonly table: string;
      readonly column: string;
      readonly rowId: string;
      readonly organizationId: string;
    }
  /** A stored password hash was not believed: no known form, or dearer to check than allowed. */
  | {
      readonly kind: 'password_hash_refused';
      readonly reason: 'unreadable' | 'too_costly';
      readonly userId: string;
      readonly organizationId: string;
    }
  /** A delivery for an integration was refused. */
  | {
      readonly kind: 'webhook_refused';
      readonly reason: string;
      readonly integrationId: string;
      readonly organizationId: string;
    }
  /** Somebody we call did not take a message; it is tried again. */
  | { readonly kind: 'delivery_failed'; readonly service: 'alert_webhook' | 'mail' }
  /** The same password was tried for many email addresses within minutes. */
  | { readonly kind: 'password_sprayed'; readonly emails: number }
  /** Retention deletes nothing, or not all that is due; `of` is the kind of data. */
  | { readonly kind: 'retention_held'; readonly of: string; readonly reason: string }
  | { readonly kind: 'limiter_store_down'; readonly reason: string }
  | { readonly kind: 'limiter_store_up' }
  | { readonly kind: 'database_error' }
  /** A trusted proxy names a client in a way that cannot be read, so all its clients count as one. */
  | { readonly kind: 'client_address_unreadable'; readonly text: string }
  /** Something was thrown where nobody could catch it. */
  | { readonly kind: 'uncaught_fault' };

/** Carries signals to whoever listens (metrics, alerts), within this process. */
@Injectable()
export class Signals {
  private readonly listeners: ((signal: Signal) => void)[] = [];

  /** `listener` must be quick and must not throw. */
  listen(listener: (signal: Signal) => void): void {
    this.listeners.push(listener);
  }

  emit(signal: Signal): void {
    for (const listener of this.listeners) listener(signal);
  }
}
