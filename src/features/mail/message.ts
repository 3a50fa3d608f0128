import type { SendMailOptions } from 'nodemailer'
import type { Mail } from '../../lib/mail.ts'

/**
 * A mail as the library takes it. It says that a machine wrote it, so that nobody's holiday notice answers
 * (https://www.rfc-editor.org/rfc/rfc3834#section-5), and has the same Message-ID each time that it is tried.
 */
export function messageOf({ id, to, language, subject, text, html, attachments }: Mail, from: string): SendMailOptions {
  const host = from.replace(/^.*@/s, '').replace(/[^\w.-]/g, '')
  return {
    messageId: `<${id}@${host}>`,
    from,
    to,
    subject,
    text,
    html,
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
    attachments: [...attachments],
    // Templates and people's names are not to make this server read files or fetch addresses.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
