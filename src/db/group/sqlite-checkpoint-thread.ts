import { parentPort, workerData } from 'node:worker_threads'
import { openWriter } from '../sqlite-connections.ts'

const connection = openWriter(workerData as string)
// Whoever writes goes on meanwhile: https://www.sqlite.org/c3ref/wal_checkpoint_v2.html, SQLITE_CHECKPOINT_PASSIVE
const checkpoint = connection.prepare('pragma wal_checkpoint(passive)')

parentPort!.on('message', (asked: 'checkpoint' | 'close') => {
  if (asked === 'checkpoint') {
    try {
      checkpoint.get()
    } catch {
      // A disk that is full, say. The log stays as it is, and who writes next meets the same.
    }
    return parentPort!.postMessage('done')
  }
  connection.close()
  parentPort!.close()
})
