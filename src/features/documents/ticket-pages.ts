import { formatMoney } from '../../lib/money.ts'
import { eventTimes, type EventTimes } from './event-times.ts'
import type { Pen, Picture } from './pen.ts'
import type { PageSize, PrintedTicket, PrintJob } from './print-job.ts'
import { wordsOf, type TicketWords } from './ticket-words.ts'

/** Width and height in points; the phone's is the shape of a screen. */
export const pageSizes: Readonly<Record<PageSize, [number, number]>> = { a4: [595.28, 841.89], phone: [320, 640] }

const ink = '#1b1b1f'
const soft = '#6b6b76'
const hair = '#d9d9e0'
const white = '#ffffff'
/** Where there is no picture: calm colours, and each event keeps its own. */
const bands = ['#27406b', '#2f5d50', '#6b3f5b', '#7a4a2b', '#3d4a73', '#4f5b3a']

/** What stands on one page. */
export type TicketPage = Readonly<{
  job: PrintJob
  ticket: PrintedTicket
  page: number
  /** The opened picture. */
  image: Picture | undefined
}>

export function drawPage(pen: Pen, page: TicketPage): void {
  const words = wordsOf[page.job.language]
  const times = eventTimes(page.job.event, page.job.language)
  if (page.job.size === 'a4') drawA4(pen, page, words, times)
  else drawPhone(pen, page, words, times)
}

function drawA4(pen: Pen, page: TicketPage, words: TicketWords, times: EventTimes): void {
  const { event } = page.job
  const card = { x: 36, y: 36, width: 523, height: 430 }
  const stub_x = 375
  const left = { x: card.x + 26, width: stub_x - card.x - 50 }
  const band_height = 132
  pen.clipped(card, 14, () => drawBand(pen, page, { ...card, height: band_height }))
  pen.frame(card, 14, hair)

  let y = card.y + band_height + 20
  const title = pen.set(event.title, 'bold', left.width, [
    { size: 22, lines_max: 2 },
    { size: 17, lines_max: 3 },
    { size: 13, lines_max: 4 },
    { size: 10.5, lines_max: 5 },
    { size: 8, lines_max: 7 },
  ])
  y = pen.write(title, left.x, y, ink) + 8
  y = pen.write(
    pen.set(times.day, 'bold', left.width, [
      { size: 11.5, lines_max: 1 },
      { size: 9, lines_max: 2 },
    ]),
    left.x,
    y,
    ink,
  )
  const hours = [times.time, times.doors].filter((text) => text !== undefined).join('  ·  ')
  y = pen.write(
    pen.set(hours, 'regular', left.width, [
      { size: 11, lines_max: 1 },
      { size: 9, lines_max: 2 },
    ]),
    left.x,
    y,
    ink,
  )
  const place = pen.set(event.location, 'regular', left.width, [
    { size: 11, lines_max: 1 },
    { size: 10, lines_max: 2 },
    { size: 8, lines_max: 3 },
    { size: 7, lines_max: 4 },
  ])
  pen.write(place, left.x, y + 2, soft)

  const rows_y = card.y + card.height - 100
  pen.line(left.x, rows_y - 10, left.x + left.width, rows_y - 10, hair)
  drawField(pen, words.holder, page.ticket.holder_name, left.x, rows_y, left.width, nameSteps)
  const half = (left.width - 16) / 2
  drawField(pen, words.type, page.ticket.type_name, left.x, rows_y + 50, half, fieldSteps)
  drawField(pen, words.price, priceOf(page, words), left.x + half + 16, rows_y + 50, half, fieldSteps)

  pen.dashed(stub_x, card.y + band_height + 14, stub_x, card.y + card.height - 14, hair)
  const stub = { x: stub_x + 14, width: card.x + card.width - stub_x - 28 }
  pen.qr(page.ticket.token, stub.x, card.y + band_height + 38, stub.width)
  const code_y = card.y + band_height + 38 + stub.width + 16
  pen.writeCentred(
    pen.set(words.code, 'regular', stub.width, [{ size: 7.5, lines_max: 1 }]),
    stub.x,
    code_y,
    stub.width,
    soft,
  )
  pen.writeCentred(
    pen.set(page.ticket.ticket_code, 'bold', stub.width, codeSteps),
    stub.x,
    code_y + 11,
    stub.width,
    ink,
  )
  drawCount(pen, page, words, { ...stub, y: card.y + card.height - 26 })

  const fold_y = card.y + card.height + 24
  pen.dashed(0, fold_y, pageSizes.a4[0], fold_y, hair)
  let how_y = fold_y + 28
  how_y = pen.write(pen.set(words.how, 'bold', 460, [{ size: 12, lines_max: 1 }]), card.x + 26, how_y, ink) + 8
  for (const [index, step] of words.steps.entries()) {
    pen.write(pen.set(`${index + 1}`, 'bold', 16, [{ size: 10, lines_max: 1 }]), card.x + 26, how_y, soft)
    const text = pen.set(step, 'regular', 440, [{ size: 10, lines_max: 3 }])
    how_y = pen.write(text, card.x + 46, how_y, ink) + 6
  }
}

function drawPhone(pen: Pen, page: TicketPage, words: TicketWords, times: EventTimes): void {
  const { event } = page.job
  const [width, height] = pageSizes.phone
  const left = { x: 22, width: width - 44 }
  drawBand(pen, page, { x: 0, y: 0, width, height: 92 })

  let y = 104
  const title = pen.set(event.title, 'bold', left.width, [
    { size: 19, lines_max: 2 },
    { size: 15, lines_max: 3 },
    { size: 11.5, lines_max: 4 },
    { size: 9.5, lines_max: 5 },
    { size: 7.5, lines_max: 7 },
  ])
  y = pen.write(title, left.x, y, ink) + 4
  y = pen.write(
    pen.set(times.day, 'bold', left.width, [
      { size: 11, lines_max: 1 },
      { size: 9, lines_max: 2 },
    ]),
    left.x,
    y,
    ink,
  )
  const hours = [times.time, times.doors].filter((text) => text !== undefined).join('  ·  ')
  y = pen.write(
    pen.set(hours, 'regular', left.width, [
      { size: 10.5, lines_max: 1 },
      { size: 8.5, lines_max: 2 },
    ]),
    left.x,
    y,
    ink,
  )
  const place = pen.set(event.location, 'regular', left.width, [
    { size: 10, lines_max: 1 },
    { size: 9, lines_max: 2 },
    { size: 7, lines_max: 3 },
    { size: 6, lines_max: 4 },
  ])
  y = pen.write(place, left.x, y, soft)

  const rows_y = 534
  const side = 228
  const code_height = 34
  const qr_y = y + (rows_y - 6 - y - side - code_height) / 2
  pen.qr(page.ticket.token, (width - side) / 2, qr_y, side)
  const code = pen.set(page.ticket.ticket_code, 'bold', left.width, codeSteps)
  pen.writeCentred(code, left.x, qr_y + side + 16, left.width, ink)

  pen.line(left.x, rows_y - 6, left.x + left.width, rows_y - 6, hair)
  drawField(pen, words.holder, page.ticket.holder_name, left.x, rows_y, left.width, nameSteps)
  const half = (left.width - 16) / 2
  drawField(pen, words.type, page.ticket.type_name, left.x, rows_y + 44, half, fieldSteps)
  drawField(pen, words.price, priceOf(page, words), left.x + half + 16, rows_y + 44, half, fieldSteps)
  drawCount(pen, page, words, { ...left, y: height - 16 })
}

const nameSteps = [
  { size: 15, lines_max: 1 },
  { size: 11, lines_max: 2 },
  { size: 8.5, lines_max: 3 },
]
const fieldSteps = [
  { size: 11, lines_max: 1 },
  { size: 9, lines_max: 2 },
  { size: 7, lines_max: 3 },
]
const codeSteps = [
  { size: 13, lines_max: 1 },
  { size: 10, lines_max: 1 },
  { size: 7.5, lines_max: 1 },
]

type Box = Readonly<{ x: number; y: number; width: number; height: number }>

function drawBand(pen: Pen, { job, image }: TicketPage, box: Box): void {
  if (image) return pen.picture(image, box)
  pen.fill(box, bands[job.event.id % bands.length]!)
  const { x, y, width, height } = box
  for (const [at, radius] of [
    [0.62, 1.1],
    [0.86, 0.8],
    [1, 0.45],
  ] as const) {
    pen.glow(box, x + width * at, y + height, height * radius)
  }
  const label = pen.set(wordsOf[job.language].ticket.toUpperCase(), 'bold', width, [{ size: 10, lines_max: 1 }])
  pen.write(label, x + 22, y + 20, white)
}

/** Where there is more than one. */
function drawCount(
  pen: Pen,
  { job, page }: TicketPage,
  words: TicketWords,
  { x, y, width }: Omit<Box, 'height'>,
): void {
  if (job.tickets.length === 1) return
  const count = pen.set(words.page(page, job.tickets.length), 'regular', width, [{ size: 7.5, lines_max: 1 }])
  pen.writeCentred(count, x, y, width, soft)
}

function drawField(
  pen: Pen,
  label: string,
  value: string,
  x: number,
  y: number,
  width: number,
  steps: typeof nameSteps,
): void {
  const below = pen.write(pen.set(label, 'regular', width, [{ size: 7.5, lines_max: 1 }]), x, y, soft)
  pen.write(pen.set(value, 'bold', width, steps), x, below + 1, ink)
}

const priceOf = ({ ticket, job }: TicketPage, words: TicketWords) =>
  ticket.price === 0 ? words.free : formatMoney(ticket.price, job.event.currency, job.language)
