import { AggregatorRegistry, Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { ReadGauge, Recorder } from '../lib/metrics.ts'
import { series, type Series, type SeriesName } from '../lib/series.ts'

/** What is answered to whoever scrapes. */
export type Metrics = Readonly<{ type: string; text: () => Promise<string> }>

type Total = { labels: Readonly<Record<string, string>>; read: () => number }
type Watched = { labels: Readonly<Record<string, string>>; read: ReadGauge }

/** All series of src/lib/series.ts and those of Node's process, kept by prom-client. */
export function openMetrics(): Metrics & { recorder: Recorder } {
  const registry = new Registry()
  const counters = new Map<SeriesName, Counter>()
  const histograms = new Map<SeriesName, Histogram>()
  const watched = new Map<SeriesName, Map<string, Watched>>()
  const watchedTotals = new Map<SeriesName, Map<string, Total>>()
  for (const [name, { kind, help, labels, buckets, across = 'sum' }] of Object.entries(series) as [
    SeriesName,
    Series,
  ][]) {
    const described = { name, help, labelNames: labels, registers: [registry] }
    if (kind === 'counter') {
      const totals = new Map<string, Total>()
      watchedTotals.set(name, totals)
      const collect = function (this: Counter) {
        for (const { labels, read } of totals.values()) {
          this.remove(labels)
          this.inc(labels, read())
        }
      }
      counters.set(name, new Counter({ ...described, collect }))
    }
    if (kind === 'histogram') {
      histograms.set(name, new Histogram({ ...described, ...(buckets && { buckets: [...buckets] }) }))
    }
    if (kind === 'gauge') {
      const readers = new Map<string, Watched>()
      watched.set(name, readers)
      void new Gauge({
        ...described,
        aggregator: across,
        async collect() {
          for (const { labels, read } of readers.values()) {
            const value = await read()
            if (value === undefined) this.remove(labels)
            else this.set(labels, value)
          }
          // Without labels it is 0 from the beginning, which nobody has said.
          if (readers.size === 0 && labels.length === 0) this.remove()
        },
      })
    }
  }
  collectDefaultMetrics({ register: registry })
  // In a worker of node:cluster: what the first process asks all of them for.
  AggregatorRegistry.setRegistries(registry)
  return {
    type: registry.contentType,
    text: () => registry.metrics(),
    recorder: {
      count: (name, labels, amount) => counters.get(name)!.inc(labels, amount),
      observe: (name, labels, value) => histograms.get(name)!.observe(labels, value),
      watch: (name, labels, read) => watched.get(name)!.set(Object.values(labels).join(' '), { labels, read }),
      watchTotal: (name, labels, read) =>
        watchedTotals.get(name)!.set(Object.values(labels).join(' '), { labels, read }),
      forget(label, value) {
        for (const counter of counters.values()) removeWith(counter, label, value)
      },
    },
  }
}

/**
 * The same for the first process of a node:cluster, which has no numbers of its own: those of all its workers, added up
 * or, where each has read the same from the database, the largest. Open it before they start; each of them opens its own,
 * and `answerFirst` in it.
 */
export function openClusterMetrics(): Metrics {
  const registry = new AggregatorRegistry()
  return { type: registry.contentType, text: () => registry.clusterMetrics() }
}

/** In a worker of node:cluster: answers the first process. */
export function answerFirst(): void {
  // What listens is part of its constructor.
  void new AggregatorRegistry()
}

function removeWith(counter: Counter, label: string, value: string): void {
  const { hashMap } = counter as unknown as { hashMap: Record<string, { labels: Record<string, string> }> }
  for (const { labels } of Object.values(hashMap)) if (labels[label] === value) counter.remove(labels)
}
