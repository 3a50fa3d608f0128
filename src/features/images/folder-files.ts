import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FileStore } from '../../lib/file-store.ts'
import { DomainError } from '../../lib/errors.ts'

/** Files in a folder, which is made when the first one comes. */
export function folderFiles(folder: string): FileStore {
  // Written beside its place and then moved there: nobody reads half of it, not even after a crash.
  const beside = (path: string) => `${path}.part`
  return {
    async put(name, bytes) {
      const path = join(folder, name)
      try {
        await mkdir(dirname(path), { recursive: true })
        const file = await open(beside(path), 'w')
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(beside(path), path)
      } catch (error) {
        await rm(beside(path), { force: true }).catch(() => {})
        throw new DomainError('files_unavailable', undefined, { cause: error })
      }
    },
    async open(name) {
      const file = await open(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw new DomainError('files_unavailable', undefined, { cause: error })
      })
      if (!file) return undefined
      // Open by now, so that its removal does not cut it off; the stream closes it, read or destroyed.
      const { size } = await file.stat()
      return { stream: file.createReadStream(), bytes: size }
    },
    async remove(name) {
      const path = join(folder, name)
      try {
        await rm(path, { force: true })
        // Left by a crash in the middle of writing it.
        await rm(beside(path), { force: true })
      } catch (error) {
        throw new DomainError('files_unavailable', undefined, { cause: error })
      }
    },
  }
}
