// Whether the server in this container answers: its exit code is what the health check goes by.
const url = `http://127.0.0.1:${process.env.PORT || 8080}/healthz`
try {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(2_000) })
  process.exit(ok ? 0 : 1)
} catch {
  process.exit(1)
}
