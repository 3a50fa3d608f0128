import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { midtrans } from './features/payments/providers/midtrans.ts'
import type { PaymentProvider } from './features/payments/providers/provider.ts'
import { sandbox } from './features/payments/providers/sandbox.ts'
import { stripe } from './features/payments/providers/stripe.ts'
import { xendit } from './features/payments/providers/xendit.ts'
import { sandboxPath } from './features/payments/sandbox.routes.ts'
import { openSelling, type Selling } from './features/payments/selling.ts'

/** The payment providers that are set up, each made once: it counts its own failures. */
export function sellingBy(config: Config, deps: Deps): Selling {
  const { database, now, publicUrl } = deps
  const providers: PaymentProvider[] = []
  if (config.midtrans) providers.push(midtrans(config.midtrans))
  if (config.xendit) providers.push(xendit(config.xendit))
  if (config.stripe) {
    providers.push(stripe({ ...config.stripe, ...(config.public_url && { returnUrl: config.public_url }) }))
  }
  if (config.sandbox_payments) {
    providers.push(sandbox({ database, now, pageUrl: (key) => publicUrl() + sandboxPath(key) }))
  }
  return openSelling(deps, providers, config.fee_basis_points)
}
