import { DELIVERY_TIMEOUT_MS } from '../../../base/index.ts';
import type { MailMessage, SendAnswer, Senders } from '../../index.ts';

export interface MailSenderOptions {
  /** Certificates to trust instead of those of Node, as PEM. */
  readonly ca?: string;
  /** Absent: DELIVERY_TIMEOUT_MS. */
  readonly timeoutMs?: number;
}

/** Sends each mail over a connection of its own. */
export function createMailSender({ ca, timeoutMs = DELIVERY_TIMEOUT_MS }: MailSenderOptions = {}): Senders['mail'] {
  return async (message, signal) => {
    const server = serverOf(message.smtp);
    if (server === undefined) return { kind: 'Unavailable', message: 'user or password are not percent-encoded' };
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      ...server,
      ...(ca !== undefined && { tls: { ca } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const late = Promise.withResolvers<SendAnswer>();
    const end = (): void => late.resolve({ kind: 'Unavailable', message: `not taken within ${timeoutMs} ms` });
    const timer = setTimeout(end, timeoutMs);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([send(transport, message), late.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      transport.close();
    }
  };
}

async function send(
  transport: { sendMail(mail: object): Promise<unknown> },
  { from, to, subject, text, messageId }: MailMessage,
): Promise<SendAnswer> {
  try {
    // Programs that answer mail by themselves leave such alone: RFC 3834.
    await transport.sendMail({
      from,
      to: [...to],
      subject,
      text,
      messageId,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return { kind: 'Sent' };
  } catch (error) {
    const { code = 'failed', responseCode } = error as { readonly code?: string; readonly responseCode?: number };
    const said = responseCode === undefined ? code : `${code}, status ${responseCode}`;
    // Of envelope and content the server says so for good; all else may be otherwise later.
    const isRefused =
      (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode !== undefined && responseCode >= 500;
    return { kind: isRefused ? 'Refused' : 'Unavailable', message: `the mail server did not take it: ${said}` };
  }
}

/** `smtps` is TLS from the first byte, `smtp` is STARTTLS: demanded where there is a password, else taken when offered. */
function serverOf(address: string) {
  const { protocol, hostname, port, username, password } = new URL(address);
  const secure = protocol === 'smtps:';
  const hasUser = username !== '';
  const auth = decoded(username, password);
  if (auth === undefined) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && hasUser,
    ...(hasUser && { auth }),
  };
}

function decoded(user: string, pass: string): { readonly user: string; readonly pass: string } | undefined {
  try {
    return { user: decodeURIComponent(user), pass: decodeURIComponent(pass) };
  } catch {
    return undefined;
  }
}
