import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RateLimit, RateLimits, RouteClass } from '../config.ts'
import { DomainError } from '../lib/errors.ts'
import type { Count, OpenCount } from './local-counts.ts'
import { count as countOne } from '../lib/metrics.ts'
import { networkOf } from '../lib/network.ts'

/** Which account asks; undefined if nobody has logged in. */
export type AccountOf = (request: FastifyRequest) => string | undefined

type Done = (error?: Error) => void

const prefixes = ['', '/api/v1', '/api/v2']
const everywhere = (paths: Record<string, RouteClass>) =>
  new Map(prefixes.flatMap((prefix) => Object.entries(paths).map(([path, one]) => [`${prefix}${path}`, one])))

const posts = everywhere({
  '/go/password': 'login',
  '/auth/login': 'login',
  '/auth/forgot': 'login',
  '/auth/reset': 'login',
  '/auth/password': 'login',
  '/auth/confirm-email': 'login',
  '/auth/confirm-email/request': 'login',
  '/users': 'login',
  '/users/register': 'login',
  '/bookings': 'booking',
  '/check-ins': 'door',
  '/events/:id/scans': 'door',
  '/tickets/:id/use': 'door',
  // What it changes is counted beside, by the class of the route that it goes by.
  '/graphql': 'read',
})
const puts = everywhere({ '/tickets/:id/use': 'door' })

/** By the route's pattern, not by the URL: `/auth/%6Cogin` is the same route. Undefined: it is never limited. */
export function classOf(method: string, route: string | undefined): RouteClass | undefined {
  if (route === '/healthz' || route === '/readyz') return undefined
  switch (method) {
    case 'GET':
    case 'HEAD':
      return 'read'
    case 'OPTIONS':
      return undefined
    case 'POST':
      return posts.get(route ?? '') ?? 'write'
    case 'PUT':
      return puts.get(route ?? '') ?? 'write'
    default:
      return 'write'
  }
}

/** By address, before anything else is done for a request: call it before what finds out who asks. */
export function limitAddresses(app: FastifyInstance, limits: RateLimits, open: OpenCount): void {
  const limiters = forEachClass((name) => limiter(`${name}-address`, limits[name].address, open))
  app.addHook('onRequest', (request, reply, done) => {
    const name = classOf(request.method, request.routeOptions.url)
    if (name === undefined) return done()
    limiters[name](networkOf(request.ip), reply, done)
  })
}

/**
 * By account, when it is known who asks. What it says in the headers takes the place of what was said of the address: it
 * is the limit that a client can do something about.
 */
export function limitAccounts(app: FastifyInstance, limits: RateLimits, open: OpenCount, accountOf: AccountOf): void {
  const limiters = forEachClass((name) => limiter(name, limits[name].account, open))
  app.addHook('preValidation', (request, reply, done) => {
    const account = accountOf(request)
    const name = account === undefined ? undefined : classOf(request.method, request.routeOptions.url)
    if (account === undefined || name === undefined) return done()
    limiters[name](account, reply, done)
  })
}

/**
 * Opens each limit once, so that it counts the same requests wherever it is held against them.
 */
export function openOnce(open: OpenCount): OpenCount {
  const counts = new Map<string, Count>()
  return (name, limit) => {
    const count = counts.get(name) ?? open(name, limit)
    counts.set(name, count)
    return count
  }
}

/** Counts once more against the budgets of this class, those of the address and of the account. */
export type Spend = (asker: { ip: string; account: string | undefined }, name: RouteClass, told: Told) => Promise<void>

/** Where the headers go that say how much is left. */
type Told = { header: (name: string, value: unknown) => unknown }

/**
 * For requests that ask for several things, each of which has a budget of its own beside the request's.
 *
 * @param open what the limits of routes were opened with, by `openOnce`
 */
export function spender(limits: RateLimits | undefined, open: OpenCount): Spend {
  if (!limits) return async () => {}
  const addresses = forEachClass((name) => limiter(`${name}-address`, limits[name].address, open))
  const accounts = forEachClass((name) => limiter(name, limits[name].account, open))
  const counted = (limit: ReturnType<typeof limiter>, key: string, told: Told) =>
    new Promise<void>((resolve, reject) => limit(key, told, (error) => (error ? reject(error) : resolve())))
  return async ({ ip, account }, name, told) => {
    await counted(addresses[name], networkOf(ip), told)
    if (account !== undefined) await counted(accounts[name], account, told)
  }
}

const forEachClass = <One>(make: (name: RouteClass) => One): Record<RouteClass, One> => ({
  login: make('login'),
  booking: make('booking'),
  door: make('door'),
  read: make('read'),
  write: make('write'),
})

/** Counts a request and says how many are left, in the fields of the IETF's draft "RateLimit header fields for HTTP". */
function limiter(name: string, { requests, window_s }: RateLimit, open: OpenCount) {
  const policy = `"${name}";q=${requests};w=${window_s}`
  const count = open(name, { requests, window_s })
  return (key: string, reply: Told, done: Done) =>
    count(key, (used, left_ms) => {
      const left_s = Math.ceil(left_ms / 1_000)
      void reply.header('ratelimit-policy', policy)
      void reply.header('ratelimit', `"${name}";r=${Math.max(requests - used, 0)};t=${left_s}`)
      if (used <= requests) return done()
      countOne('karcis_rate_limited_total', { budget: name })
      void reply.header('retry-after', Math.max(left_s, 1))
      done(new DomainError('too_many_requests'))
    })
}
