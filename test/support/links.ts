import type { Deps } from '../../src/deps.ts'
import { issueReset, reset_ms } from '../../src/features/accounts/reset-password.ts'
import { system } from '../../src/lib/caller.ts'
import type { MailKind } from '../../src/lib/mail.ts'

/** How many mails of these kinds there are to this account, sent or not. */
export async function countMails({ database }: Deps, email: string, ...kinds: readonly MailKind[]): Promise<number> {
  const mails = await database.db
    .selectFrom('mail')
    .innerJoin('user', 'user.id', 'mail.user_id')
    .select('mail.id')
    .where('user.email', '=', email)
    .where('mail.kind', 'in', kinds)
    .execute()
  return mails.length
}

/** Numbers that no mail has. */
let no_mail = 1_000_000_000

/** The secret in a link to choose this account's password, made as it is when the link is mailed. */
export async function passwordToken(deps: Deps, email: string): Promise<string> {
  const { id } = await deps.database.db
    .selectFrom('user')
    .select('id')
    .where('email', '=', email)
    .executeTakeFirstOrThrow()
  return issueReset(deps, system, { user_id: id, mail_id: ++no_mail, valid_ms: reset_ms })
}
