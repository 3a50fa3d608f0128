import { createTransport } from 'nodemailer'
import { MailRefused, type Mailer } from '../../lib/mail.ts'
import { messageOf } from './message.ts'

/** Few: a mail server is somebody's small machine, or counts connections. */
const connections_max = 4
/** A connection is not kept for ever, in case that names lead elsewhere by now. */
const mails_of_connection_max = 200
/** One that is not used is closed before a firewall forgets it and lets the next mail run into nothing. */
const idle_ms_max = 15_000
/**
 * A server may look through a mail for minutes before it answers for it, and whoever has left by then sends it twice
 * (https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.2.6). Whether it is there at all is known soon.
 */
const times = { dnsTimeout: 5_000, connectionTimeout: 8_000, greetingTimeout: 8_000, socketTimeout: 180_000 }
/** For one mail, the wait for a connection included: a server that answers letter by letter meets no other limit. */
const mail_ms_max = 480_000

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Mails go to an SMTP server, over a few connections that are kept open. `smtps://` begins with TLS; with `smtp://`
 * STARTTLS is used where it is offered, and insisted on before a password goes to another machine.
 */
export function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport({
    ...server(url),
    pool: true,
    maxConnections: connections_max,
    maxMessages: mails_of_connection_max,
    idleTimeout: idle_ms_max,
  })
  return {
    async send(mail) {
      try {
        await transport.sendMail({ ...messageOf(mail, from), signal: AbortSignal.timeout(mail_ms_max) })
      } catch (error) {
        throw isForGood(error) ? new MailRefused((error as Error).message, { cause: error }) : error
      }
    },
    close: () => transport.close(),
  }
}

/**
 * Connects as for a mail, up to the password, and sends none.
 *
 * @throws what is wrong, in the server's words or the driver's
 */
export async function verifySmtp(url: string): Promise<void> {
  const transport = createTransport(server(url))
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}

function server(url: string) {
  const { password, hostname } = new URL(url)
  return { url, ...(password !== '' && !loopback.has(hostname) && { requireTLS: true }), ...times }
}

/**
 * Whether the server has said for good that it won't take this recipient or this mail: a code from 500
 * (https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1). Of the sender, the password or the connection it says nothing:
 * that is the operator's to mend, and the mail waits for it.
 */
function isForGood(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown }
  return typeof responseCode === 'number' && responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA')
}
