import { connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { openTestDatabase } from './database.ts'

/** What becomes of a connection, from the packet on that the harm waits for. */
export type Fate =
  /** The server gets the packet, and the connection is cut at its first word. */
  | 'lose the answer'
  /** It is cut before the packet gets through. */
  | 'lose the request'
  /** The client is gone, and asks elsewhere what happened, before the packet even arrives. */
  | 'deliver later'
  /** Nobody is told anything any more: a host that has vanished, a network address that was forgotten on the way. */
  | 'fall silent'

export type BadNetwork = {
  /** The database's URL, by way of this network. */
  url: string
  /** Does this to the next connection that sends a packet with this text in it. */
  harm: (text: string, fate: Fate) => void
  spare: () => void
  /** From now on cuts every connection that sends more than so many bytes at once, as a server does to a packet too large. */
  bound: (bytes_max: number) => void
  /** How many connections were harmed. */
  harmed: () => number
  close: () => void
}

const late_ms = 400

/** A way to a database server on which connections come to harm, one at a time, and when it is said. */
export async function badNetwork(databaseUrl: string): Promise<BadNetwork> {
  const url = new URL(databaseUrl)
  const { hostname, port } = url
  const sockets = new Set<Socket>()
  let next: { text: string; fate: Fate } | undefined
  let harmed = 0
  let bytes_max = Infinity

  const proxy = createServer((client) => {
    const server = connect(Number(port || 3306), hostname)
    let fate: Fate | undefined
    let unanswered_bytes = 0
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    // What the harm is about goes on by itself when the client is gone.
    client.on('close', () => fate !== 'deliver later' && fate !== 'fall silent' && end())
    server.on('close', () => fate !== 'fall silent' && end())
    server.on('data', (chunk) => {
      unanswered_bytes = 0
      if (fate === undefined) client.write(chunk)
      else if (fate !== 'fall silent') end()
    })
    client.on('data', (chunk) => {
      unanswered_bytes += chunk.length
      if (unanswered_bytes > bytes_max) return end()
      if (fate === undefined && next !== undefined && chunk.includes(next.text)) {
        ;({ fate } = next)
        next = undefined
        harmed++
        if (fate === 'lose the answer') server.write(chunk)
        else if (fate === 'lose the request') end()
        else if (fate === 'deliver later') {
          client.destroy()
          setTimeout(() => server.write(chunk), late_ms)
        }
      } else if (fate === undefined || fate === 'lose the answer') server.write(chunk)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  url.host = `127.0.0.1:${(proxy.address() as { port: number }).port}`
  return {
    url: url.href,
    harm: (text, fate) => (next = { text, fate }),
    spare: () => (next = undefined),
    bound: (bytes) => (bytes_max = bytes),
    harmed: () => harmed,
    close: () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

/**
 * A database with all its tables, to be had directly and by way of a bad network, until the test has ended.
 *
 * @param poolSize of the connections by way of the network
 */
export async function overBadNetwork(poolSize: number) {
  const { database: direct, url, drop } = await openTestDatabase()
  const network = await badNetwork(url)
  const database = await openDatabase(databaseTargetFromUrl(network.url), poolSize)
  after(async () => {
    network.close()
    await database.close().catch(() => undefined)
    await drop()
  })
  return { direct, network, database }
}
