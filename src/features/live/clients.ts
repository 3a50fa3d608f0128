import { DomainError } from '../../lib/errors.ts'
import { networkOf } from '../../lib/network.ts'

/** Of one account: browsers and telephones of a person, or the screens of a box office. */
const of_account_max = 50

export type ClientLimits = Readonly<{
  clients_max: number
  clients_per_address_max: number
}>

/** Who looks on now, counted. */
export type Clients = Readonly<{
  /**
   * @returns what is to be called, once, when the client has gone
   * @throws DomainError `server_busy`, `too_many_requests` if there are too many in all, or from this address
   */
  enter: (address: string) => () => void
  /**
   * @returns what is to be called, once, when the client is this account's no more
   * @throws DomainError `too_many_requests`
   */
  signIn: (userId: number) => () => void
  count: () => number
}>

export function countClients({ clients_max, clients_per_address_max }: ClientLimits): Clients {
  const ofAddress = counter(clients_per_address_max, 'too many live connections from your address')
  const ofAccount = counter(of_account_max, 'too many live connections of your account')
  let count = 0
  return {
    enter(address) {
      if (count >= clients_max) throw new DomainError('server_busy')
      const leave = ofAddress(networkOf(address))
      count++
      return () => {
        count--
        leave()
      }
    },
    signIn: ofAccount,
    count: () => count,
  }
}

function counter(max: number, refusal: string) {
  const counts = new Map<string | number, number>()
  return (key: string | number) => {
    const before = counts.get(key) ?? 0
    if (before >= max) throw new DomainError('too_many_requests', refusal, { retry_after_s: 60 })
    counts.set(key, before + 1)
    return () => {
      const left = counts.get(key)! - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    }
  }
}
