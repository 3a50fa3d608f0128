import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createTransport } from 'nodemailer'
import type { Mail, Mailer } from '../../lib/mail.ts'
import type { Language } from '../../lib/language.ts'
import { messageOf } from './message.ts'

/** What stands in the `.json` beside each `.eml`, for the pages at /dev/mail. */
export type KeptMail = Readonly<{
  id: string
  subject: string
  to: string
  language: Language
  /** RFC 3339. */
  at: string
  html: string
  text: string
  attachments: readonly Readonly<{ filename: string; contentType: string }>[]
}>

/** Where an attachment of a mail is kept. */
export const attachmentFile = (id: string, filename: string): string => `${id}-${filename}`

/**
 * Where no SMTP server is set up, mails become files in a folder, which is made when it is needed: `.eml`, which mail
 * programs open, and beside it what /dev/mail shows.
 */
export function folderMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const write = async (name: string, content: Buffer | string) => {
    const path = join(folder, name)
    const beside = `${path}.${randomBytes(6).toString('hex')}.part`
    await writeFile(beside, content)
    await rename(beside, path)
  }
  return {
    async send(mail) {
      const attachments = await Promise.all(mail.attachments.map(whole))
      const { message } = await transport.sendMail(messageOf({ ...mail, attachments }, from))
      await mkdir(folder, { recursive: true })
      await write(`${mail.id}.eml`, message as Buffer)
      for (const { filename, content } of attachments) await write(attachmentFile(mail.id, filename), content)
      // Last: what is listed is there.
      await write(`${mail.id}.json`, JSON.stringify(keptOf(mail)))
    },
    close: () => transport.close(),
  }
}

function keptOf({ id, subject, to, language, html, text, attachments }: Mail): KeptMail {
  return {
    id,
    subject,
    to: to.name === '' ? to.address : `${to.name} <${to.address}>`,
    language,
    at: new Date().toISOString(),
    html,
    text,
    attachments: attachments.map(({ filename, contentType }) => ({ filename, contentType })),
  }
}

async function whole<Attachment extends Mail['attachments'][number]>(attachment: Attachment) {
  const { content } = attachment
  return { ...attachment, content: Buffer.isBuffer(content) ? content : await buffer(content) }
}
