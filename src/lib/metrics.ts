import type { GroupObserver } from './group-queue.ts'
import type { LabelsOf, NameOf, SeriesName } from './series.ts'

type Labels = Readonly<Record<string, string>>

/** A gauge's value; undefined while it is not known. Quick, and never throws. */
export type ReadGauge = () => number | undefined | Promise<number | undefined>

/** What keeps the numbers (src/metrics/prometheus.ts). */
export type Recorder = Readonly<{
  count: (name: SeriesName, labels: Labels, amount: number) => void
  observe: (name: SeriesName, labels: Labels, value: number) => void
  watch: (name: SeriesName, labels: Labels, read: ReadGauge) => void
  /** The same for a counter that is kept elsewhere, and only grows. */
  watchTotal: (name: SeriesName, labels: Labels, read: () => number) => void
  /** Drops what counters have under this label. */
  forget: (label: string, value: string) => void
}>

/** Since when each event with a label of its own has not sold, the longest first. */
const sellingNow = new Map<number, number>()

/** Undefined unless metrics are wanted: then all below does nothing. */
let recorder: Recorder | undefined

/** Before anything is opened that would tell. */
export function recordTo(one: Recorder | undefined): void {
  recorder = one
  sellingNow.clear()
}

export const isRecorded = (): boolean => recorder !== undefined

/** Adds to a counter. What is kept in a transaction is counted after its commit. */
export function count<Name extends NameOf<'counter'>>(name: Name, labels: LabelsOf<Name>, amount = 1): void {
  recorder?.count(name, labels, amount)
}

/** Puts a value, in the unit of the name, into a histogram. */
export function observe<Name extends NameOf<'histogram'>>(name: Name, labels: LabelsOf<Name>, value: number): void {
  recorder?.observe(name, labels, value)
}

/** Has a gauge read whenever somebody asks. The last `read` for the same labels counts. */
export function watch<Name extends NameOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, read: ReadGauge): void {
  recorder?.watch(name, labels, read)
}

/** The same for a counter that somebody keeps anyway: its number, which only grows, is read when it is asked for. */
export function watchTotal<Name extends NameOf<'counter'>>(
  name: Name,
  labels: LabelsOf<Name>,
  read: () => number,
): void {
  recorder?.watchTotal(name, labels, read)
}

/** What a queue tells; undefined, and so without any cost, unless metrics are wanted. */
export function queueObserver(queue: 'bookings' | 'doors'): GroupObserver | undefined {
  if (!recorder) return undefined
  const labels = { queue }
  return {
    opened: (waiting) => watch('karcis_queue_waiting', labels, waiting),
    left(size, wait_ms) {
      observe('karcis_queue_group_size', labels, size)
      observe('karcis_queue_wait_seconds', labels, wait_ms / 1_000)
    },
    ended: (ms) => observe('karcis_queue_commit_seconds', labels, ms / 1_000),
    refused: (amount) => count('karcis_queue_refusals_total', labels, amount),
  }
}

/** Events that are told apart at once. */
const events_max = 50
/** An event keeps its label while it sells; one that has been quiet for so long gives it to the next. */
const quiet_ms = 600_000

/**
 * The label of an event that sells: its id, for the first 50 that do. One that goes quiet makes room for another, so that
 * labels neither grow without end nor change hands all the time.
 */
export function eventLabel(id: number, now_ms = performance.now()): string {
  if (!recorder) return 'other'
  if (!sellingNow.has(id) && sellingNow.size >= events_max) {
    // The one that has been quiet for longest stands first.
    const [longest, since_ms] = sellingNow.entries().next().value!
    if (now_ms - since_ms < quiet_ms) return 'other'
    sellingNow.delete(longest)
    recorder.forget('event', String(longest))
  }
  sellingNow.delete(id)
  sellingNow.set(id, now_ms)
  return String(id)
}
