import { series, type Series } from '../src/lib/series.ts'

/** docs/metrics.md, from the table in src/lib/series.ts. */
export function metricsPage(): string {
  const rows = Object.entries(series as Record<string, Series>).map(
    ([name, { kind, labels, help }]) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  return [
    '# Metrics',
    '',
    '`GET /metrics` answers in the format of Prometheus, on a port of its own (`METRICS_PORT`) or on that of everything else',
    'for who has `METRICS_TOKEN`. With neither, nothing is counted. Beside the series below there are those of the process,',
    '`process_…` and `nodejs_…`, as [prom-client](https://github.com/siimon/prom-client) makes them.',
    '',
    'Units are seconds, and minor units of a currency. What a process counts begins at 0 with it: ask for `rate` or',
    '`increase`, over all processes. What is read from the database is the same wherever it is read: ask for `max`.',
    'How these were chosen: [decision 18](decisions/0018-metrics-and-traces.md); a dashboard and alerts: [ops](../ops).',
    '',
    '| series | kind | labels | what it says |',
    '|---|---|---|---|',
    ...rows,
    '',
    '<!-- Made from src/lib/series.ts by `npm run docs`. -->',
    '',
  ].join('\n')
}
