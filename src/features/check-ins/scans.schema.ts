import { Type } from 'typebox'
import { DateTimeField, Moment, Strict } from '../../http/schemas.ts'
import { integer_max } from '../../lib/limits.ts'
import { Action, door_length_max, OneOf } from './check-ins.schema.ts'

const scans_max = 500

export const ScansBody = Strict(
  {
    device: Type.String({ maxLength: 100, format: 'text', examples: ['Scanner 4'] }),
    scans: Type.Array(
      Strict({
        scan_id: Type.String({
          minLength: 1,
          maxLength: 64,
          pattern: '^[A-Za-z0-9_.-]+$',
          description: 'Of the device’s choice, once in the event; a UUID will do',
          examples: ['0b9f6f0e-6f0c-4c7e-9a3c-0a4f6f2f7b11'],
        }),
        token: Type.Optional(Type.String({ maxLength: 1_000, format: 'text', description: 'What the QR code says' })),
        code: Type.Optional(Type.String({ maxLength: 40, format: 'text', examples: ['7K3Q-X9MA'] })),
        ticket_id: Type.Optional(
          Type.Integer({ minimum: 1, maximum: integer_max, description: 'As the snapshot names it' }),
        ),
        action: Action,
        door: Type.String({ maxLength: door_length_max, format: 'text', default: '', examples: ['Gate A'] }),
        at: DateTimeField(),
      }),
      { minItems: 1, maxItems: scans_max },
    ),
  },
  {
    examples: [
      {
        device: 'Scanner 4',
        scans: [{ scan_id: 'scanner-4.17', code: '7K3QX9MA', door: 'Gate A', at: '2030-12-31T19:00:00Z' }],
      },
    ],
  },
)

export const ScansView = Type.Object({
  results: Type.Array(
    Type.Object({
      scan_id: Type.String(),
      outcome: OneOf(['admitted', 'returned', 'left', 'conflict']),
      reason: Type.Optional(
        Type.String({ description: 'Of a conflict: the code of the refusal', examples: ['already_admitted'] }),
      ),
      used: Type.Optional(Type.Object({ at: Moment, door: Type.String() })),
      repeated: Type.Optional(Type.Literal(true, { description: 'It was uploaded before: nothing changed' })),
    }),
  ),
})
