import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Deps } from './deps.ts'
import { registerUser } from './features/users/register-user.ts'
import { system } from './lib/caller.ts'
import { StartupError } from './lib/errors.ts'

const usage = 'Usage: npm run user -- --role admin|organizer|customer --email you@example.com [--name …] [--password …]'
const roles = ['admin', 'organizer', 'customer'] as const

/**
 * Makes an account from the command line, the only way to an admin. Returns the sentence to print; without a
 * password, one is drawn and printed once.
 *
 * @throws StartupError if what is given makes no account
 */
export async function makeUser(deps: Deps, given: readonly string[]): Promise<string> {
  const { role: asked, email, name = email, password = randomBytes(12).toString('base64url') } = readOptions(given)
  const role = roles.find((one) => one === asked)
  const wrong = (what: string) => new StartupError(`${what}\n${usage}`)
  if (!role) throw wrong(asked === undefined ? 'Which role?' : `"${asked}" is no role.`)
  if (email === undefined) throw wrong('Which email?')
  if (!/^[^@\s]+@[^@\s]+\.[a-z]{2,}$/i.test(email)) throw wrong(`"${email}" is no email address.`)
  if (password.length < 8) throw wrong('The password must be at least 8 characters long.')
  const user = await registerUser(deps, system, { name: name!, email, password, role })
  const drawn = given.some((one) => one.startsWith('--password')) ? '' : ` Its password, shown this once: ${password}`
  return `Made ${role} ${user.email}, with id ${user.id}.${drawn}`
}

function readOptions(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    const options = { role: text, email: text, name: text, password: text }
    return parseArgs({ args: [...args], options }).values
  } catch {
    throw new StartupError(usage)
  }
}
