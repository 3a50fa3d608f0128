import type { Language } from '../../lib/language.ts'

/** What a printed ticket says besides what it is about. */
export type TicketWords = Readonly<{
  ticket: string
  holder: string
  type: string
  price: string
  code: string
  doors_open: (time: string) => string
  free: string
  page: (page: number, pages: number) => string
  how: string
  steps: readonly string[]
}>

export const wordsOf: Readonly<Record<Language, TicketWords>> = {
  en: {
    ticket: 'Ticket',
    holder: 'Name',
    type: 'Ticket type',
    price: 'Price',
    code: 'Ticket code',
    doors_open: (time) => `Doors open at ${time}`,
    free: 'Free',
    page: (page, pages) => `Page ${page} of ${pages}`,
    how: 'How it works',
    steps: [
      'Show this page at the entrance, on paper or on your phone. Each ticket admits one person, once.',
      'Keep the QR code flat, clean and to yourself: whoever comes with it first is let in.',
      'If you hand your ticket over or cancel it, this page admits nobody any more.',
    ],
  },
  id: {
    ticket: 'Tiket',
    holder: 'Nama',
    type: 'Jenis tiket',
    price: 'Harga',
    code: 'Kode tiket',
    doors_open: (time) => `Pintu dibuka pukul ${time}`,
    free: 'Gratis',
    page: (page, pages) => `Halaman ${page} dari ${pages}`,
    how: 'Cara menggunakannya',
    steps: [
      'Tunjukkan halaman ini di pintu masuk, dicetak atau di ponsel. Satu tiket berlaku untuk satu orang, satu kali.',
      'Jaga kode QR tetap rata dan bersih, dan jangan bagikan: yang pertama datang membawanya yang boleh masuk.',
      'Jika tiket ini dialihkan atau dibatalkan, halaman ini tidak berlaku lagi.',
    ],
  },
}
