import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { StartupError } from '../lib/errors.ts'

/** Counts changes of what a backup looks like. */
export const backup_format = 1
export const manifest_name = 'manifest.json'
export const pictures_folder = 'images'

const Manifest = Type.Object({
  format: Type.Literal(backup_format),
  /** Of which kind of database; a backup of one is not restored into the other. */
  dialect: Type.Union([Type.Literal('sqlite'), Type.Literal('mysql')]),
  /** The latest migration of its tables. */
  migration: Type.String({ pattern: '^\\d{4}-[a-z0-9-]+$' }),
  /** RFC 3339: all that was committed before is in it. */
  begun_at: Type.String(),
  /** The database, and how to know it again. */
  file: Type.Object({
    name: Type.Union([Type.Literal('database.sqlite.gz'), Type.Literal('database.sql.gz')]),
    bytes: Type.Integer({ minimum: 1 }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
  /** How many pictures lie beside it; undefined: they are kept in S3, and not in this backup. */
  pictures: Type.Optional(Type.Integer({ minimum: 0 })),
})

/** What a backup says of itself, in `manifest.json`. It is written last. */
export type Manifest = Static<typeof Manifest>

/**
 * @throws StartupError if the folder holds no backup that is whole and known to this version
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifest_name), 'utf8').catch(() => undefined)
  if (text === undefined) throw new StartupError(`${folder} holds no backup: there is no ${manifest_name} in it.`)
  const manifest = parsed(text)
  if (!Value.Check(Manifest, manifest)) {
    throw new StartupError(`${folder}/${manifest_name} can't be read, or is of a later version of Karcis.`)
  }
  return manifest
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
