import type { Answer, TestApp } from './app.ts'

/** What came back of a document; `data` and `errors` are its body's. */
// oxlint-disable-next-line typescript/no-explicit-any -- a test looks at what it expects, and fails where it is not
export type Result = { status: number; headers: Answer['headers']; data: any; errors: any[] | undefined; text: string }

export type Ask = (query: string, variables?: object, headers?: Record<string, string>) => Promise<Result>

/** Asks in GraphQL, by POST. */
export function asking({ app }: Pick<TestApp, 'app'>): Ask {
  return async (query, variables, headers = {}) => post(app, JSON.stringify({ query, variables }), headers)
}

/** Sends whatever it is to /graphql. */
export async function post(
  app: TestApp['app'],
  payload: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Result> {
  const answer = await app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  })
  return resultOf(answer)
}

/** The same for what was asked in another way. */
export function resultOf(answer: { statusCode: number; headers: Record<string, unknown>; body: string }): Result {
  const { data, errors } = JSON.parse(answer.body) as Pick<Result, 'data' | 'errors'>
  return { status: answer.statusCode, headers: answer.headers, data, errors, text: answer.body }
}
