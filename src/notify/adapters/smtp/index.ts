/**
 * notify/adapters/smtp: sends mail by SMTP, with TLS and with a user where the address names one.
 * Must not send credentials in the clear, nor tell what an address is or what the mail server wrote.
 * Keeps: a mail ends within DELIVERY_TIMEOUT_MS; the library is loaded with the first mail.
 */
export { createMailSender, type MailSenderOptions } from './mail-sender.ts';
