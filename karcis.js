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
// Where objects have once outlived a collection or two, V8 would make their like among the old ones from then on. A request
// that waits for the database makes many such, and what is old keeps all that it refers to until the next full collection:
// every collection of young objects would then take four times as long.
const { setFlagsFromString } = await import('node:v8')
setFlagsFromString('--no-allocation-site-pretenuring')
// The second start and all later ones find their modules compiled.
const { enableCompileCache } = await import('node:module')
enableCompileCache()
const { main } = await import('./src/main.ts')
await main(process.argv.slice(2))
