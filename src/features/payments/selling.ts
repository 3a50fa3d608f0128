import type { ProviderName } from '../../db/schema.ts'
import { idBlocks, type IdSource } from '../../db/id-blocks.ts'
import type { Deps } from '../../deps.ts'
import type { CanPay } from '../bookings/booking-group.ts'
import type { PaymentProvider } from './providers/provider.ts'

/** What selling for money needs beside Deps. There is one of a server. */
export type Selling = Readonly<{
  /** Those that are set up; none: all bookings succeed at once. */
  providers: ReadonlyMap<ProviderName, PaymentProvider>
  /** The platform's part of each charge, in hundredths of a per cent. */
  fee_basis_points: number
  /** Ids for the tickets of bookings that were paid. */
  ticketIds: IdSource
}>

export function openSelling(deps: Deps, providers: readonly PaymentProvider[], fee_basis_points: number): Selling {
  return {
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    fee_basis_points,
    ticketIds: idBlocks(deps.database, 'ticket'),
  }
}

/** Whether any of the providers takes so much; undefined where there is none, and nothing is paid for. */
export function canPay({ providers }: Selling): CanPay {
  if (providers.size === 0) return undefined
  return (total, currency) => [...providers.values()].some((provider) => takes(provider, total, currency))
}

export function takes(provider: PaymentProvider, total: number, currency: string): boolean {
  const minimum = provider.minimum(currency)
  return minimum !== undefined && total >= minimum
}
