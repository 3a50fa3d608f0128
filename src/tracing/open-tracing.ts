import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import type { Config } from '../config.ts'
import type { Tracer } from '../lib/tracing.ts'

/** In memory at most, a kilobyte or so each; what is beyond is dropped, and nobody waits. */
const spans_max = 2_048
const batch_max = 512
const every_ms = 1_000
const export_ms_max = 5_000
/** A process that stops waits no longer for a collector. */
const flush_ms_max = 2_000
const links_max = 128
const text_length_max = 2_000

/**
 * Traces, sent to a collector by OTLP over HTTP as JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp). One that can't
 * be reached costs the spans, and nothing else.
 */
export function openTracing({ endpoint, service_name, sampler, ratio }: NonNullable<Config['tracing']>): {
  tracer: Tracer
  close: () => Promise<void>
} {
  const contexts = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(contexts)
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: export_ms_max })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service_name }),
    sampler: samplerOf(sampler, ratio),
    spanLimits: { attributeValueLengthLimit: text_length_max, linkCountLimit: links_max },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: spans_max,
        maxExportBatchSize: batch_max,
        scheduledDelayMillis: every_ms,
        exportTimeoutMillis: export_ms_max,
      }),
    ],
  })
  const spans = provider.getTracer('karcis')
  return {
    tracer: {
      async traced(name, attributes, work, { parent, links = [] }) {
        const span = spans.startSpan(
          name,
          { attributes, links: links.flatMap((one) => contextOf(one) ?? []).map((other) => ({ context: other })) },
          parent === undefined ? context.active() : within(parent),
        )
        try {
          return await context.with(trace.setSpan(context.active(), span), work)
        } catch (error) {
          fail(span, error)
          throw error
        } finally {
          span.end()
        }
      },
      ended(name, attributes, duration_ms, failed) {
        if (!trace.getActiveSpan()?.isRecording()) return
        const now = Date.now()
        const span = spans.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime: now - duration_ms })
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end(now)
      },
      request(traceparent) {
        const parent = traceparent === undefined ? ROOT_CONTEXT : within(traceparent)
        const span = spans.startSpan('request', { kind: SpanKind.SERVER }, parent)
        const inside = trace.setSpan(ROOT_CONTEXT, span)
        return {
          trace_id: span.spanContext().traceId,
          within: (work) => context.with(inside, work),
          end(name, attributes, failed) {
            span.updateName(name).setAttributes(attributes)
            if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
            span.end()
          },
        }
      },
      current() {
        const active = trace.getActiveSpan()?.spanContext()
        return active && `00-${active.traceId}-${active.spanId}-0${active.traceFlags & 1}`
      },
    },
    async close() {
      let timer: NodeJS.Timeout | undefined
      const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, flush_ms_max)))
      await Promise.race([provider.shutdown().catch(() => {}), tooLong]).finally(() => clearTimeout(timer))
      context.disable()
    },
  }
}

/** Nothing of the error's own text: a driver repeats values, a mail server addresses. */
function fail(span: Span, error: unknown): void {
  const { code } = error as { code?: unknown }
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.setAttribute('error.type', typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown')
}

function within(traceparent: string): Context {
  const parent = contextOf(traceparent)
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
}

/** Undefined for what is no traceparent: a client's header may be anything. */
function contextOf(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent) ?? []
  if (!traceId || !spanId || !flags || traceparent.startsWith('ff')) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

function samplerOf(name: NonNullable<Config['tracing']>['sampler'], ratio: number): Sampler {
  const [kind, isParentBased] = [name.replace('parentbased_', ''), name.startsWith('parentbased_')]
  const root =
    kind === 'always_on'
      ? new AlwaysOnSampler()
      : kind === 'always_off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio)
  return isParentBased ? new ParentBasedSampler({ root }) : root
}
