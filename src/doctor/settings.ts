import type { Config } from '../config.ts'
import { good, warning, wrong, type Result } from './result.ts'

/** What examples say where a secret belongs, and what people put there for the time being. */
const placeholders =
  /^(|root|karcis|password|passw0rd|secret|admin|changeme|change-me|choose-a-password|example|test|12345678?)$/i

const local = new Set(['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0'])

/** What is set, held against what a server needs that sells for real. What is plainly wrong stops every command. */
export function examineSettings(config: Config): Result[] {
  return [
    config.is_production
      ? good('NODE_ENV=production')
      : warning('NODE_ENV is not production', 'Set NODE_ENV=production where tickets are sold for real.'),
    ...accounts(config),
    ...publicUrl(config),
    ...proxies(config),
    ...secrets(config),
    ...payments(config),
  ]
}

function accounts({ auth, admin, rate_limits }: Config): Result[] {
  const results: Result[] = []
  if (auth === 'off') {
    results.push(warning('AUTH=off: anyone on this machine may do anything', 'Take AUTH away outside a classroom.'))
  }
  if (admin) {
    results.push(
      warning('ADMIN_PASSWORD is still set', 'Take ADMIN_EMAIL and ADMIN_PASSWORD out again when the admin is made.'),
    )
  }
  if (!rate_limits) results.push(warning('RATE_LIMIT=off: passwords can be guessed at full speed', 'Take it away.'))
  return results
}

function publicUrl({ public_url, is_production, smtp_url }: Config): Result[] {
  const results: Result[] = []
  if (smtp_url === undefined) {
    const set = 'Set SMTP_URL and MAIL_FROM.'
    results.push((is_production ? wrong : warning)('SMTP_URL is not set: mails are written to files, not sent', set))
  }
  if (public_url === undefined) {
    const what = 'PUBLIC_URL is not set: links in mails lead to where this server listens'
    const set = 'Set PUBLIC_URL to where people reach this server, such as https://tickets.example.'
    return [...results, is_production ? wrong(what, set) : warning(what, set)]
  }
  const { protocol, hostname } = new URL(public_url)
  if (local.has(hostname)) {
    const what = `PUBLIC_URL is ${public_url}: links in mails lead readers to their own machines`
    const set = 'Set it to where people reach this server.'
    return [...results, is_production ? wrong(what, set) : warning(what, set)]
  }
  if (protocol === 'http:') {
    return [...results, warning(`PUBLIC_URL is ${public_url}, without TLS`, 'Put TLS before this server: https://…')]
  }
  return [...results, good(`PUBLIC_URL is ${public_url}`)]
}

function proxies({ trusted_proxies, public_url, host }: Config): Result[] {
  const isBehindProxy = public_url?.startsWith('https:')
  if (trusted_proxies.length === 0 && isBehindProxy) {
    const advice = 'Set TRUST_PROXY to the address or network of the proxy that ends TLS.'
    return [warning('TRUST_PROXY is not set: all requests seem to come from the proxy, and share one limit', advice)]
  }
  if (trusted_proxies.some((network) => network.endsWith('/0'))) {
    return [
      warning('TRUST_PROXY believes everyone', 'Name the proxies alone: else anyone can say where they come from.'),
    ]
  }
  return trusted_proxies.length === 0 ? [] : [good(`behind ${trusted_proxies.join(', ')}, listening on ${host}`)]
}

function secrets({ database, redis_url, smtp_url, s3, admin }: Config): Result[] {
  const kept: [name: string, secret: string | undefined, host: string][] = []
  if (database.dialect === 'mysql') kept.push(['the database', database.password, database.host])
  for (const [name, text] of [
    ['REDIS_URL', redis_url],
    ['SMTP_URL', smtp_url],
  ] as const) {
    if (text !== undefined) kept.push([name, new URL(text).password || undefined, new URL(text).hostname])
  }
  if (s3) kept.push(['S3_SECRET_ACCESS_KEY', s3.secretAccessKey, new URL(s3.endpoint).hostname])
  if (admin) kept.push(['ADMIN_PASSWORD', admin.password, ''])
  return kept
    .filter(([, secret, host]) => secret !== undefined && !local.has(host) && placeholders.test(secret))
    .map(([name]) =>
      warning(`the password of ${name} looks like one from an example`, 'Choose one that nobody guesses.'),
    )
}

function payments({ midtrans, xendit, stripe, sandbox_payments, is_production, public_url }: Config): Result[] {
  const names = [midtrans && 'midtrans', xendit && 'xendit', stripe && 'stripe'].filter((name) => name !== undefined)
  const results: Result[] = []
  if (sandbox_payments) {
    results.push(warning('SANDBOX_PAYMENTS=on: who has the link of a payment pays it without money', 'Take it away.'))
  }
  if (is_production && midtrans && !midtrans.isProduction) {
    results.push(warning("Midtrans's key is for its sandbox: nobody pays for real", 'Set MIDTRANS_MODE=production.'))
  }
  if (is_production && stripe && /^(sk|rk)_test_/.test(stripe.secretKey)) {
    results.push(warning("Stripe's key is for tests: nobody pays for real", 'Set the key of live mode.'))
  }
  if (is_production && xendit?.secretKey.startsWith('xnd_development_')) {
    results.push(warning("Xendit's key is for development: nobody pays for real", 'Set the key of live mode.'))
  }
  if (names.length === 0 && !sandbox_payments) {
    return [good('no payment provider is set: every booking succeeds at once, and is paid nowhere')]
  }
  // Whether they get there can't be seen from here.
  const hooks = names.map((name) => `${public_url ?? '<PUBLIC_URL>'}/api/v2/webhooks/${name}`)
  if (hooks.length > 0) results.push(good(`webhooks to enter in the providers' dashboards: ${hooks.join(', ')}`))
  return results
}
