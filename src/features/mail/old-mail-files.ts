import { opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const kept_days = 30
/** At each turn: more than are written between two. */
const removed_max = 20_000

/** Removes the files of mails that were not sent and are old, a bounded number, and returns how many. */
export async function removeOldMailFiles(folder: string, now: Date): Promise<number> {
  const before_ms = now.getTime() - kept_days * 86_400_000
  const entries = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  let removed = 0
  for await (const entry of entries ?? []) {
    const path = join(folder, entry.name)
    // Another server may have removed it meanwhile.
    const found = entry.isFile() ? await stat(path).catch(() => undefined) : undefined
    if (!found || found.mtimeMs >= before_ms) continue
    await rm(path, { force: true })
    if (++removed === removed_max) break
  }
  return removed
}
