import fastify from 'fastify'
import { bookingBody } from './booking-schema.ts'

/**
 * The upper yardstick: Fastify with nothing behind it. It parses and checks a booking's body, as any server must,
 * and answers ready-made bytes: those that Karcis answered to the same request, which the bench sends beforehand.
 */
export type BareAnswer = { status: number; body: string }

let answer: BareAnswer = { status: 200, body: '{}' }

process.on('message', (next: BareAnswer) => {
  answer = next
  process.send?.('set')
})
process.on('disconnect', () => process.exit())

const app = fastify()
const type = 'application/json; charset=utf-8'

app.post('/api/v1/bookings', { schema: { body: bookingBody } }, async (_request, reply) =>
  reply.code(answer.status).header('content-type', type).send(answer.body),
)
app.get('/api/v1/*', async (_request, reply) =>
  reply.code(answer.status).header('content-type', type).send(answer.body),
)

await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
