import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { anyone, visitor, type Caller, type Identity } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { ruleOf, type Rule } from './access.ts'
import type { Accounts } from './accounts.ts'
import { identifyBearer } from './identify.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set before the body is read. */
    caller: Caller
  }
  interface FastifyContextConfig {
    rule?: Rule
  }
}

/** An IPv6 address that ends with an IPv4 one; a zone may make it longer. */
const address_length_max = 45

/**
 * Finds out who is asking, and lets them through or not, before the body is read: the one place where the table of
 * access.ts is applied. Which rows a caller gets is for the use cases and queries, which are given the caller.
 *
 * @param open whether the server runs without accounts: then everyone is `anyone`
 */
export function authenticate(
  app: FastifyInstance,
  { open, ...accounts }: Pick<Accounts, 'tokens' | 'identities'> & { open: boolean },
): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.refuses) return
    const [method] = [route.method].flat()
    const rule = ruleOf(method!, route.url)
    if (!rule) throw new Error(`${method} ${route.url} is missing from the table in access.ts`)
    route.config = { ...route.config, rule }
  })
  app.decorateRequest('caller')

  // Calls back where nothing has to be waited for: a promise for each would cost every request.
  app.addHook('onRequest', (request, reply, done) => {
    const { rule } = request.routeOptions.config
    if (!rule) return done()
    if (open) {
      setCaller(request, anyone)
      return done(isForged(request, reply) ? new DomainError('forbidden') : undefined)
    }
    const identity = identityOf(request)
    if (!(identity instanceof Promise)) return done(admit(request, rule, identity))
    // oxlint-disable-next-line promise/no-callback-in-promise -- the hook's own callback, called once either way
    identity.then((found) => done(admit(request, rule, found)), done)
  })

  /** Undefined for credentials that are no good, `visitor` for none. */
  function identityOf({ headers: { authorization } }: FastifyRequest) {
    return authorization === undefined ? visitor : identifyBearer(accounts, authorization)
  }
}

/** Whose budget of requests this one counts against; undefined for a visitor. */
export function accountOf({ caller }: Pick<FastifyRequest, 'caller'>): string | undefined {
  return caller?.user_id === undefined ? undefined : String(caller.user_id)
}

/**
 * Whether a page of another site makes its visitor's browser ask, though no one has allowed it to. Where there are
 * accounts it would need a token; where there are none, being on this machine is all that is asked of anyone.
 */
function isForged({ method, headers }: FastifyRequest, reply: FastifyReply): boolean {
  const changes = method !== 'GET' && method !== 'HEAD'
  return changes && headers['sec-fetch-site'] === 'cross-site' && !reply.hasHeader('access-control-allow-origin')
}

function setCaller(request: FastifyRequest, identity: Identity): void {
  request.caller = { ...identity, request_id: request.id, address: addressOf(request) }
}

/** Null for what is no address, which only a trusted proxy could pass on, and what is kept has no room for. */
function addressOf({ ip }: FastifyRequest): string | null {
  return ip.length <= address_length_max && isIP(ip) !== 0 ? ip : null
}

/** Why this one may not call this route; undefined if they may. */
function admit(request: FastifyRequest, rule: Rule, identity: Identity | undefined): DomainError | undefined {
  // Whoever brings a token that has run out may still do what needs none: sign in again, above all.
  setCaller(request, identity ?? visitor)
  return refusalOf(rule, identity)
}

/**
 * Why this one may not call what goes by this rule; undefined if they may.
 *
 * @param identity undefined for who brought credentials that are no good
 */
export function refusalOf(rule: Rule, identity: Identity | undefined): DomainError | undefined {
  const found = identity ?? visitor
  const { role } = found
  if (role === 'visitor') {
    if (rule.visitor) return undefined
    return new DomainError(identity ? 'not_signed_in' : 'invalid_token')
  }
  if (found.scopes) return mayKey(rule, found) ? undefined : new DomainError('scope_missing')
  if (role === 'anyone' || role === 'admin' || rule[role]) return undefined
  return new DomainError(rule.refusal ?? 'forbidden')
}

/** A key gets where its scope leads, and to what is public; selling for an organizer's events, too, which the owner has no route for. */
function mayKey(rule: Rule, { role, scopes }: Identity): boolean {
  if (rule.visitor === 'all') return true
  if (!rule.scope || !scopes!.includes(rule.scope)) return false
  const sells = rule.scope === 'sell' && role === 'organizer'
  return sells || role === 'admin' || rule[role as 'organizer'] !== undefined
}
