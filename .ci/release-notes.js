// node .ci/release-notes.js v1.2.3: prints what CHANGELOG.md says of that version, and fails unless package.json and
// CHANGELOG.md know it.
import { readFileSync } from 'node:fs'

const [tag = ''] = process.argv.slice(2)
const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1]
if (!version) fail(`"${tag}" is no tag of a release, such as v1.2.3`)
const known = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
if (known !== version) fail(`package.json is version ${known}, not ${version}`)
const sections = readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8').split(/^## /m)
const section = sections.find((text) => text.startsWith(`[${version}]`))
const notes = section
  ?.slice(section.indexOf('\n'))
  .replace(/^\[[^\]]+\]: .*$/gm, '')
  .trim()
if (!notes) fail(`CHANGELOG.md says nothing of ${version}`)
console.log(notes)

function fail(why) {
  console.error(`${why}.`)
  process.exit(1)
}
