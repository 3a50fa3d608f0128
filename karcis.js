#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read the sentence below.
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(
    `Karcis needs Node 24 or later; this is ${process.version}. On Linux (x64, arm64) and Windows (x64), ` +
      '`npm ci && npm start` brings the right one along. Elsewhere install Node 24 from nodejs.org first.',
  )
  process.exit(1)
}
// The second start and all later ones find their modules compiled.
const { enableCompileCache } = await import('node:module')
enableCompileCache()
const { main } = await import('./src/main.ts')
await main(process.argv.slice(2))
