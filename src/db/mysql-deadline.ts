type Answered = (error: unknown, result?: unknown) => void

/**
 * Sends something to a server, and destroys the connection if no answer comes in time: a host that has vanished says
 * nothing. The driver's own time-out would leave the connection open with the statement at its head, so that whatever is
 * sent after it waits without an end; and it doesn't count while a statement is being prepared.
 *
 * @param send told what the driver is to call back
 */
export function inTime(
  connection: { destroy: () => void },
  wait_ms_max: number,
  send: (answered: Answered) => void,
  answered: Answered,
): void {
  let isOver = false
  const end: Answered = (error, result) => {
    if (isOver) return
    isOver = true
    clearTimeout(deadline)
    answered(error, result)
  }
  const deadline = setTimeout(() => {
    connection.destroy()
    const error = new Error(`the database has not answered for ${wait_ms_max} ms`)
    end(Object.assign(error, { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }))
  }, wait_ms_max)
  send(end)
}
