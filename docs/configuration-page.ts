import { settings } from '../src/config.ts'

/** docs/configuration.md, from the table in src/config.ts. */
export function configurationPage(): string {
  const rows = settings.map(
    ({ name, default: value, meaning }) => `| \`${name}\` | ${value && `\`${value}\``} | ${meaning} |`,
  )
  return [
    '# Configuration',
    '',
    'Every setting, read once at the start from the environment and, under it, from `.env` in the folder that Karcis',
    'is started in. A value that makes no sense is refused in a sentence that names the setting.',
    '',
    '| setting | default | meaning |',
    '|---|---|---|',
    ...rows,
    '',
    '<!-- Made from src/config.ts by `npm run docs`. -->',
    '',
  ].join('\n')
}
