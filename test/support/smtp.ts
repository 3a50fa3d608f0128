import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'

/** What the server does to a recipient: each time, or as often as the list is long. */
export type Whim = 'take' | 'refuse for good' | 'refuse for now' | 'drop' | 'take and drop' | 'wait'

export type ReceivedMail = { to: string; mail: ParsedMail }

/** A real SMTP server on a port of its own, which treats each recipient as it was told, and takes all others. */
export async function startSmtp() {
  const received: ReceivedMail[] = []
  const whims = new Map<string, Whim[]>()
  const next = (to: string): Whim => whims.get(to)?.shift() ?? 'take'
  const current = new Map<string, Whim>()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo({ address }, _session, done) {
      const whim = next(address)
      current.set(address, whim)
      if (whim === 'refuse for good') return done(refusal(550, `5.1.1 <${address}> is unknown here`))
      if (whim === 'refuse for now') return done(refusal(451, '4.3.0 come again later'))
      return done()
    },
    onData(stream, session, done) {
      void take(stream, session, done)
    },
  })
  const take = async (stream: Readable, session: SMTPServerSession, done: () => void): Promise<void> => {
    const to = session.envelope.rcptTo[0]!.address
    const bytes = await buffer(stream)
    const whim = current.get(to)
    if (whim !== 'drop') received.push({ to, mail: await simpleParser(bytes) })
    if (whim === 'drop' || whim === 'take and drop') {
      sockets.get(session.remotePort)?.destroy()
      return
    }
    if (whim === 'wait') await sleep(300)
    done()
  }
  const sockets = new Map<number, Socket>()
  server.server.on('connection', (socket: Socket) => sockets.set(socket.remotePort!, socket))
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    of: (address: string) => received.filter(({ to }) => to === address),
    treat: (address: string, ...list: Whim[]) => whims.set(address, list),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode })
