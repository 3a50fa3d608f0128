import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FileStore } from '../../lib/file-store.ts'

/** Files in a folder, which is made when the first one comes. */
export function folderFiles(folder: string): FileStore {
  return {
    async put(name, bytes) {
      const path = join(folder, name)
      await mkdir(dirname(path), { recursive: true })
      // Written beside its place and then moved there: nobody reads half of it, not even after a crash.
      const beside = `${path}.${randomBytes(6).toString('hex')}.part`
      const file = await open(beside, 'wx')
      try {
        await file.writeFile(bytes)
        await file.sync()
        await file.close()
        await rename(beside, path)
      } catch (error) {
        await file.close().catch(() => {})
        await rm(beside, { force: true })
        throw error
      }
    },
    async open(name) {
      const path = join(folder, name)
      const found = await stat(path).catch(() => undefined)
      return found?.isFile() ? { stream: createReadStream(path), bytes: found.size } : undefined
    },
    async remove(name) {
      await rm(join(folder, name), { force: true })
    },
  }
}
