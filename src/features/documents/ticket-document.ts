import PdfDocument from 'pdfkit'
import { penOf, type Picture } from './pen.ts'
import type { PrintJob } from './print-job.ts'
import { drawPage, pageSizes } from './ticket-pages.ts'

/** The PDF of a job in pieces, a page or so each; the next one is made when it is asked for. */
export function* ticketDocument(job: PrintJob): Generator<Uint8Array<ArrayBuffer>> {
  const { event, language, size, tickets, image, made_at } = job
  const document = new PdfDocument({
    autoFirstPage: false,
    size: pageSizes[size],
    margin: 0,
    // Not the one that it begins with, which would have to be embedded.
    font: '',
    lang: language,
    displayTitle: true,
    info: { Title: event.title, Producer: 'Karcis', Creator: 'Karcis', CreationDate: made_at },
  })
  const pen = penOf(document)
  // Opened once, so that the file has it once.
  const opened = image && (document as unknown as { openImage(bytes: Buffer): Picture }).openImage(Buffer.from(image))
  for (const [index, ticket] of tickets.entries()) {
    document.addPage()
    drawPage(pen, { job, ticket, page: index + 1, image: opened })
    yield piece(document)
  }
  document.end()
  yield piece(document)
}

/** What the document has written since it was asked last. */
function piece(document: InstanceType<typeof PdfDocument>): Uint8Array<ArrayBuffer> {
  const chunks: Buffer[] = []
  for (let chunk = document.read() as Buffer | null; chunk; chunk = document.read() as Buffer | null) chunks.push(chunk)
  return Buffer.concat(chunks)
}
