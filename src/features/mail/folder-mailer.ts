import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Mailer } from '../../lib/mail.ts'
import { messageOf } from './message.ts'

/** Where no SMTP server is set up, mails become files (.eml) that mail programs open, in a folder made when needed. */
export function folderMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  return {
    async send(mail) {
      const { message } = await transport.sendMail(messageOf(mail, from))
      await mkdir(folder, { recursive: true })
      const path = join(folder, `${mail.id}.eml`)
      const beside = `${path}.${randomBytes(6).toString('hex')}.part`
      await writeFile(beside, message as Buffer)
      await rename(beside, path)
    },
    close: () => transport.close(),
  }
}
