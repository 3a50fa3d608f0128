import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../events/event.ts'
import { calendarOf } from './calendar.ts'
import { eventTimes } from './event-times.ts'

const event: Event = {
  id: 7,
  organizer_id: 1,
  title: 'Konser; a, b',
  location: 'Jakarta',
  capacity: 1,
  available_seat: 1,
  price: 0,
  closed: 0,
  date: '2030-01-01 12:00:00',
  currency: 'IDR',
  time_zone: 'Asia/Jakarta',
  description: '',
  categories: '[]',
  sales_open_at: null,
  sales_close_at: null,
  hold_minutes: 15,
  cancel_until_hours: null,
  cancel_refund_percent: 100,
  cancelled_at: null,
  ends_at: null,
  doors_open_at: null,
  reentry: 0,
  names_until_hours: null,
  remind_at: null,
  version: 3,
  deleted_at: null,
  created_at: '2025-01-01 00:00:00',
  updated_at: '2025-01-02 00:00:00',
}
const linesOf = (change: Partial<Event> = {}, url?: string) =>
  calendarOf({ ...event, ...change }, { language: 'id', ...(url !== undefined && { url }) }).split('\r\n')

test('a calendar entry says what, when and where', () => {
  const lines = linesOf({}, 'https://tickets.example.com/x')
  for (const line of [
    'METHOD:PUBLISH',
    'UID:event-7-1735689600000@karcis',
    'SEQUENCE:3',
    'DTSTAMP:20250102T000000Z',
    'DTSTART:20300101T120000Z',
    'DTEND:20300101T140000Z',
    String.raw`SUMMARY:Konser\; a\, b`,
    'LOCATION:Jakarta',
    'STATUS:CONFIRMED',
    'URL;VALUE=URI:https://tickets.example.com/x',
  ]) {
    assert.ok(lines.includes(line), `${line} is not in ${lines.join('\n')}`)
  }
})

test('an event at the end of all time has an entry', () => {
  const lines = linesOf({ date: '9999-12-31 23:30:00' })
  assert.ok(lines.includes('DTSTART:99991231T233000Z') && lines.includes('DTEND:99991231T235959Z'))
  const last = linesOf({ date: '9999-12-31 23:59:59' })
  assert.ok(last.includes('DTSTART:99991231T235959Z') && !last.some((line) => line.startsWith('DTEND')))
})

test('what was called off is the same entry, struck out', () => {
  const lines = linesOf({ cancelled_at: '2025-02-01 00:00:00', version: 4, ends_at: '2030-01-01 15:30:00' })
  for (const line of [
    'UID:event-7-1735689600000@karcis',
    'SEQUENCE:4',
    'STATUS:CANCELLED',
    'DTEND:20300101T153000Z',
    String.raw`SUMMARY:Dibatalkan: Konser\; a\, b`,
  ]) {
    assert.ok(lines.includes(line), `${line} is not in ${lines.join('\n')}`)
  }
})

const times: readonly [zone: string, change: Partial<Event>, language: 'en' | 'id', day: string, time: string][] = [
  ['Asia/Jakarta', {}, 'id', 'Selasa, 1 Januari 2030', '19.00 WIB'],
  ['Asia/Jakarta', {}, 'en', 'Tuesday, 1 January 2030', '19:00 WIB'],
  ['Asia/Makassar', { ends_at: '2030-01-01 14:00:00' }, 'id', 'Selasa, 1 Januari 2030', '20.00–22.00 WITA'],
  ['Europe/Berlin', {}, 'en', 'Tuesday, 1 January 2030', '13:00 CET'],
  ['America/New_York', {}, 'id', 'Selasa, 1 Januari 2030', '07.00 EST'],
  ['Asia/Kathmandu', {}, 'en', 'Tuesday, 1 January 2030', '17:45 GMT+5:45'],
  ['UTC', { ends_at: '2030-01-02 14:00:00' }, 'en', 'Tuesday, 1 January 2030 – Wednesday, 2 January 2030', '12:00 UTC'],
]
for (const [time_zone, change, language, day, time] of times) {
  test(`on a ticket, clocks are those of ${time_zone} (${language})`, () => {
    const shown = eventTimes({ ...event, time_zone, ...change }, language)
    assert.deepEqual([shown.day, shown.time], [day, time])
  })
}
