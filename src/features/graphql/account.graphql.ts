import { readSelf } from '../users/read-user.ts'
import { showUserV2 } from '../users/show-user.ts'
import { by, type Fields } from './field.ts'

export const accountFields: Fields = {
  'Query.me': by('GET /auth/me', async (_, _args, { deps, caller }) => showUserV2(await readSelf(deps, caller))),
}
