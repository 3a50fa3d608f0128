import type { Tx } from '../../db/database.ts'

/** Takes a person's data out of the history: what their account was, and from where they came. What they did stays. */
export async function eraseFromHistory(tx: Tx, userId: number): Promise<void> {
  await tx
    .updateTable('audit_entry')
    .set({ was: null, became: null })
    .where('entity', '=', 'user')
    .where('entity_id', '=', userId)
    .execute()
  await tx.updateTable('audit_entry').set({ address: null }).where('actor_id', '=', userId).execute()
  // As a visitor, when they registered, mistyped the password, or asked for a new one.
  await tx
    .updateTable('audit_entry')
    .set({ address: null })
    .where('entity', 'in', ['user', 'session'])
    .where('entity_id', '=', userId)
    .where('actor_id', 'is', null)
    .execute()
}
