/** What is said of a piece of work: names and numbers of ours. Never a value that somebody sent, a key or an address. */
export type Attributes = Readonly<Record<string, string | number>>

/** Where a piece of work belongs; both as `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header). */
export type Origin = Readonly<{
  /** What it goes on from; left out: from what is under way. */
  parent?: string | undefined
  /** What else it is done for. */
  links?: readonly string[]
}>

/** A request that is being answered. */
export type TracedRequest = Readonly<{
  trace_id: string
  /** Runs what follows as part of it. */
  within: <T>(work: () => T) => T
  end: (name: string, attributes: Attributes, failed: boolean) => void
}>

/** What writes spans down (src/tracing/open-tracing.ts). */
export type Tracer = Readonly<{
  traced: <T>(name: string, attributes: Attributes, work: () => Promise<T>, origin: Origin) => Promise<T>
  ended: (name: string, attributes: Attributes, duration_ms: number, failed: boolean) => void
  request: (traceparent: string | undefined) => TracedRequest
  current: () => string | undefined
}>

/** Undefined unless traces are wanted: then all below calls straight through. */
let tracer: Tracer | undefined

/** Before anything is opened that would tell. */
export function traceBy(one: Tracer | undefined): void {
  tracer = one
}

export const isTraced = (): boolean => tracer !== undefined

/** Runs `work` as a span: a child of what is under way, or of what `origin` names. */
export function traced<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  origin: Origin = {},
): Promise<T> {
  return tracer ? tracer.traced(name, attributes, work, origin) : work()
}

/** A span that has ended just now. Left out where nothing is under way that it is part of. */
export function tracedBefore(name: string, attributes: Attributes, duration_ms: number, failed: boolean): void {
  tracer?.ended(name, attributes, duration_ms, failed)
}

/** Begins the span of a request, in the trace that its client names, if any. Undefined unless traces are wanted. */
export function traceRequest(traceparent: string | undefined): TracedRequest | undefined {
  return tracer?.request(traceparent)
}

/** By which somebody else goes on from here, later or elsewhere; undefined where no trace is under way. */
export function traceparent(): string | undefined {
  return tracer?.current()
}

/** By which lines of the log are found that belong to a trace. */
export function traceId(): string | undefined {
  return traceparent()?.slice(3, 35)
}

/** A group is part of the trace of the first of those it is done for, if one is looked at, and linked to the others. */
export function originOf(traceparents: readonly (string | undefined)[]): Origin {
  const named = [...new Set(traceparents)].filter((one) => one !== undefined)
  const parent = named.find((one) => one.endsWith('1')) ?? named[0]
  return { parent, links: named.filter((one) => one !== parent) }
}
