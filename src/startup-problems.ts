import type { Config, DatabaseTarget } from './config.ts'
import { DomainError, StartupError } from './lib/errors.ts'

/** The sentence for an operator whose server did not start, or undefined for what is a bug and needs its stack. */
export function explainStartup(error: unknown, config: Config | undefined): string | undefined {
  if (error instanceof StartupError || error instanceof DomainError) return error.message
  const { code, errcode, message } = error as { code?: string; errcode?: number; message?: string }
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${config?.port} is in use already. Stop what listens there, or set PORT to another one.`
    case 'EADDRNOTAVAIL':
      return `HOST=${config?.host} is no address of this machine. Use localhost, 0.0.0.0 or one of its own.`
  }
  const database = config?.database
  if (!database) return undefined
  if (database.dialect === 'sqlite') return explainSqlite(database.file, code, errcode, message)
  return explainMysql(database, code)
}

function explainSqlite(file: string, code = '', errcode = 0, message = ''): string | undefined {
  const result = errcode & 255
  if (result === 26)
    return `${file} is not a SQLite database. Move it away, with ${file}-wal if that is there, or point DATA_DIR elsewhere.`
  if (result === 11)
    return `${file} is damaged. Restore it from a backup: npm run restore -- <folder of a backup> --replace.`
  if (result === 5) return `${file} is held by another process. Stop that one first.`
  if (result === 13) return `There is no room left on the disk for ${file}.`
  if (result === 8 || result === 14 || ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'].includes(code)) {
    return `${file} can't be opened or made (${message}). Point DATA_DIR at a folder that this user may write to.`
  }
  return undefined
}

function explainMysql(target: Extract<DatabaseTarget, { dialect: 'mysql' }>, code = ''): string | undefined {
  const { host, port, user, database } = target
  switch (code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return `The database server at ${host}:${port} refuses user "${user}" with this password. Check DATABASE_URL, or DB_USER and DB_PASSWORD.`
    case 'ER_DBACCESS_DENIED_ERROR':
      return `User "${user}" may not use database "${database}" at ${host}:${port}. Grant it: GRANT ALL ON \`${database}\`.* TO '${user}'@'%';`
    case 'ER_BAD_DB_ERROR':
      return `There is no database "${database}" at ${host}:${port}. Make it: CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4;`
    case 'ER_TABLE_EXISTS_ERROR':
      return `Database "${database}" has tables already that Karcis was about to make. If they are another program's, give Karcis a database of its own. If they are Karcis's, a migration was cut off half-way: restore the backup from before the upgrade; only what never held anything may be emptied.`
    case 'ECONNREFUSED':
      return `Nothing answers at ${host}:${port}. Start the database server, or check DATABASE_URL, or DB_HOST and DB_PORT.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `There is no host called "${host}". Check DATABASE_URL, or DB_HOST.`
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `The database server at ${host}:${port} did not answer in time. Check the address, the network and the firewall.`
    case 'PROTOCOL_CONNECTION_LOST':
    case 'ECONNRESET':
      return `${host}:${port} closed the connection. Check that it is a MySQL or MariaDB server, and that it is up.`
    case 'ER_CON_COUNT_ERROR':
      return `The database server at ${host}:${port} has no connection left. Lower DB_POOL_SIZE, or raise max_connections there.`
  }
  return undefined
}
