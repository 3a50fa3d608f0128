import { isIPv4, isIPv6 } from 'node:net'

/**
 * Who is counted as one: an IPv4 address, or the /64 of an IPv6 one, since a single line has all the addresses of its
 * /64. What is no address, which only a trusted proxy could send, is counted together.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  if (!address.includes(':')) return isIPv4(address) ? address : 'unknown'
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : ''
  if (isIPv4(mapped)) return mapped
  if (!isIPv6(address)) return 'unknown'
  const [head = '', tail] = address.toLowerCase().split('::', 2)
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  // Eight groups, or seven where the last two are written as an IPv4 address.
  const length = address.includes('.') ? 7 : 8
  const groups =
    tail === undefined ? first : [...first, ...Array<string>(length - first.length - last.length).fill('0'), ...last]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
