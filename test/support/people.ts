import type { Role } from '../../src/lib/caller.ts'
import type { Answer, TestApp } from './app.ts'
import { factories } from './factories.ts'

export type Person = {
  id: number
  email: string
  /** What they send along to say who they are. */
  headers: Record<string, string>
  /** One call as this one. */
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

export const password = 'password123'

/** People who have signed in, for an app with accounts. */
export function people({ call, deps }: Pick<TestApp, 'call' | 'deps'>) {
  const { aUser } = factories(deps)

  async function signIn(id: number, email: string, secret = password): Promise<Person> {
    const { status, body } = await call('POST', '/api/v2/auth/login', { email, password: secret })
    if (status !== 200) throw new Error(`${email} could not sign in: ${JSON.stringify(body)}`)
    const headers = { authorization: `Bearer ${body.access_token}` }
    return {
      id,
      email,
      headers,
      call: (method, path, body, more) => call(method, path, body, { ...headers, ...more }),
    }
  }
  async function signedIn(role: Role): Promise<Person> {
    const { id, email } = await aUser(role)
    return signIn(id, email)
  }
  return { signIn, signedIn }
}
