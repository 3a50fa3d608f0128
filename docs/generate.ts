/** `npm run docs` writes the pages that are made from the code; a test holds them against it. */
import { writeFileSync } from 'node:fs'
import { accessPage } from './access-page.ts'
import { configurationPage } from './configuration-page.ts'
import { metricsPage } from './metrics-page.ts'

writeFileSync(new URL('configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('rules/access.md', import.meta.url), accessPage())
writeFileSync(new URL('metrics.md', import.meta.url), metricsPage())
