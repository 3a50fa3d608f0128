import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The code as it was before the commit that brought this file, in a folder of its own, with today's packages. Undefined
 * where the history of the repository is not at hand.
 */
export function codeBefore(file: string): { folder: string; remove: () => void } | undefined {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const [commit] = git('log', '--diff-filter=A', '--format=%H', '--', file).toString().trim().split('\n')
    if (!commit) return undefined
    const archive = execFileSync('git', ['archive', '--format=tar', `${commit}^`], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 }) // prettier-ignore
    const folder = mkdtempSync(join(tmpdir(), 'karcis-older-'))
    execFileSync('tar', ['-x', '-C', folder], { input: archive })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
  } catch {
    return undefined
  }
}
