/** A request to be posted. */
export interface HttpMessage {
  readonly kind: 'http';
  /** A secret: it is not shown anywhere. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface MailMessage {
  readonly kind: 'mail';
  /** Address and credentials of the mail server, as `smtp://` or `smtps://`: a secret. */
  readonly smtp: string;
  /** The same each time it is sent. */
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

export type Message = HttpMessage | MailMessage;

/** What came of sending. `message` holds nothing of an address or of what the other side said in its own words. */
export type SendAnswer =
  | { readonly kind: 'Sent' }
  /** The receiver takes nothing now: others for it need not be tried. `afterMs`: when it wants to be asked again. */
  | { readonly kind: 'Unavailable'; readonly message: string; readonly afterMs?: number }
  /** It does not take this one. */
  | { readonly kind: 'Refused'; readonly message: string };

/** Sends messages. Never rejects; ends within DELIVERY_TIMEOUT_MS. */
export interface Senders {
  http(message: HttpMessage, signal: AbortSignal): Promise<SendAnswer>;
  mail(message: MailMessage, signal: AbortSignal): Promise<SendAnswer>;
}
