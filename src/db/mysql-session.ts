const lock_wait_s_max = 5
/** Nothing of ours pauses in a transaction: between two statements there is never more than a moment's work. */
const pause_s_max = 15
const idle_s_max = 180

/** A connection that was idle for longer is not used again: a minute later the server closes it, and may be doing so now. */
export const reuse_ms_max = (idle_s_max - 60) * 1_000

/**
 * What every connection is set to before its first statement.
 *
 * A Karcis that vanishes with its host says no goodbye, and what it had locked would stay locked for the 8 hours that a
 * database server waits for the next statement. MariaDB knows how long it may wait in a transaction. MySQL does not, and
 * lets go when the connection counts as idle. Each takes the comment of the other for one.
 */
export const sessionSettings: readonly string[] = [
  // The driver has said so before, but a server with skip-character-set-client-handshake or an init_connect of its own may
  // not heed it, and would take the bytes of names for other letters.
  'set names utf8mb4 collate utf8mb4_bin',
  'set session transaction isolation level read committed',
  `set session sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO', ` +
    `session time_zone = '+00:00', session innodb_lock_wait_timeout = ${lock_wait_s_max}, ` +
    `session wait_timeout = ${idle_s_max} /*M!, session idle_transaction_timeout = ${pause_s_max}*/`,
  // Every list is read in the order of one index. MySQL is fond of merging that with the primary key, and sorting.
  `set session optimizer_switch = 'index_merge=off'`,
]
