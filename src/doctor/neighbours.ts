import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Config } from '../config.ts'
import { verifySmtp } from '../features/mail/smtp-mailer.ts'
import { ProviderError, type PaymentProvider } from '../features/payments/providers/provider.ts'
import type { FileStore } from '../lib/file-store.ts'
import { good, saidBy, wrong, type Result } from './result.ts'

/** Whether the mail server is there and takes our password. Nothing is sent. */
export async function examineSmtp(url: string | undefined): Promise<Result[]> {
  if (url === undefined) return []
  const { username, password, host } = new URL(url)
  try {
    await verifySmtp(url)
    return [good(`${host} ${username === '' ? 'answers' : 'takes the password'}`)]
  } catch (error) {
    const what = saidBy(error, [decodeURIComponent(password), decodeURIComponent(username)])
    const advice = 'Check SMTP_URL: host, port, user, password. Mails wait, and are tried for three days.'
    return [wrong(`${host} can't be used: ${what}`, advice)]
  }
}

/** Puts a file there, reads it and removes it, if pictures are kept elsewhere. */
export async function examineStorage(s3: Config['s3'], files: FileStore): Promise<Result[]> {
  if (!s3) return []
  const name = `doctor-${randomUUID()}`
  const bytes = Buffer.from('karcis doctor')
  const where = `${s3.endpoint}/${s3.bucket}`
  try {
    await files.put(name, bytes, 'text/plain')
    const file = await files.open(name)
    const isSame = file && (await buffer(file.stream)).equals(bytes)
    await files.remove(name)
    if (!isSame) throw new Error('what was put there did not come back')
    return [good(`${where} keeps, gives and removes files`)]
  } catch (error) {
    const what = saidBy(error, [s3.secretAccessKey, s3.accessKeyId])
    const advice = 'Check the S3_… settings, the rights of the key, and this clock: storage refuses one that is off.'
    return [wrong(`${where} can't be used: ${what}`, advice)]
  }
}

/** Asks about a payment that there never was: an answer means that the key is right. */
export async function examineProvider(provider: PaymentProvider): Promise<Result> {
  const key = `karcis-doctor-${randomUUID().slice(0, 8)}`
  // Stripe can be asked for one by its reference alone, and would else go through all that are open.
  const reference = provider.name === 'stripe' ? 'cs_test_karcisdoctor' : null
  try {
    await provider.find({ key, reference, charge: null })
    return good(`${provider.name} takes the key`)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    const advice = `Check the settings of ${provider.name}, and whether it is reachable from here. Nobody can pay by it.`
    return wrong(`${provider.name}: ${saidBy(error)}`, advice)
  }
}
