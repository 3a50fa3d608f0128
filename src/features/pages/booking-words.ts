import type { Language } from '../../lib/language.ts'

export type BookingWords = Readonly<{
  pending: string
  held_until: (moment: string) => string
  pay: (money: string) => string
  pay_with: (provider: string, money: string) => string
  under_way: string
  reload: string
  no_provider: string
  confirmed: string
  confirmed_means: string
  partly: string
  expired: string
  expired_means: string
  failed: string
  failed_means: string
  cancelled: string
  cancelled_means: string
  refunded: string
  refunded_means: string
  going_back: string
  went_back: string
  nothing_back: string
  booking: string
  customer: string
  total: string
  booked: string
  tickets: string
  previous: string
  next: string
  some_of: (first: number, last: number, all: number) => string
  payment_failed: readonly [title: string, text: string]
  too_many_payments: readonly [title: string, text: string]
}>

export const bookingWords: Readonly<Record<Language, BookingWords>> = {
  en: {
    pending: 'Waiting for payment',
    held_until: (moment) => `We hold your seats until ${moment}.`,
    pay: (money) => `Pay ${money}`,
    pay_with: (provider, money) => `Pay ${money} with ${provider}`,
    under_way: 'You have paid already? It takes a moment until we hear of it.',
    reload: 'Look again',
    no_provider: 'It can’t be paid here. Ask the organizer.',
    confirmed: 'Booked',
    confirmed_means: 'Everything is settled. Your tickets are below.',
    partly: 'Partly cancelled',
    expired: 'Not paid in time',
    expired_means:
      'The seats are on sale again, and nothing was charged. Should a payment still arrive, you get your seats if ' +
      'there are any left, or else all of your money back.',
    failed: 'Not paid',
    failed_means: 'The payment did not succeed, and nothing was charged. You can book again.',
    cancelled: 'Cancelled',
    cancelled_means: 'The tickets of this booking admit nobody any more.',
    refunded: 'Cancelled and paid back',
    refunded_means: 'The tickets of this booking admit nobody any more, and the money has gone back to you.',
    going_back: 'On its way back to you',
    went_back: 'Paid back',
    nothing_back: 'Nothing is paid back.',
    booking: 'Booking',
    customer: 'Booked by',
    total: 'Total',
    booked: 'What you booked',
    tickets: 'Tickets',
    previous: 'Previous',
    next: 'Next',
    some_of: (first, last, all) => `${first} to ${last} of ${all}`,
    payment_failed: [
      'The payment provider did not take it',
      'Nothing was charged. Go back and try it again, or choose another way to pay.',
    ],
    too_many_payments: ['There were too many attempts to pay', 'Make a new booking when this one has run out.'],
  },
  id: {
    pending: 'Menunggu pembayaran',
    held_until: (moment) => `Kursi Anda kami simpan sampai ${moment}.`,
    pay: (money) => `Bayar ${money}`,
    pay_with: (provider, money) => `Bayar ${money} lewat ${provider}`,
    under_way: 'Sudah membayar? Perlu sebentar sampai kabarnya kami terima.',
    reload: 'Periksa lagi',
    no_provider: 'Pembayaran tidak bisa dilakukan di sini. Hubungi penyelenggara.',
    confirmed: 'Sudah dipesan',
    confirmed_means: 'Semuanya beres. Tiket Anda ada di bawah ini.',
    partly: 'Dibatalkan sebagian',
    expired: 'Tidak dibayar tepat waktu',
    expired_means:
      'Kursinya dijual kembali dan tidak ada uang yang diambil. Jika pembayaran masih masuk, Anda mendapat kursi ' +
      'selama masih ada; jika tidak, seluruh uang Anda dikembalikan.',
    failed: 'Tidak terbayar',
    failed_means: 'Pembayaran tidak berhasil dan tidak ada uang yang diambil. Silakan memesan lagi.',
    cancelled: 'Dibatalkan',
    cancelled_means: 'Tiket pesanan ini tidak berlaku lagi.',
    refunded: 'Dibatalkan, uang dikembalikan',
    refunded_means: 'Tiket pesanan ini tidak berlaku lagi, dan uangnya sudah dikembalikan kepada Anda.',
    going_back: 'Sedang dikembalikan',
    went_back: 'Sudah dikembalikan',
    nothing_back: 'Tidak ada uang yang dikembalikan.',
    booking: 'Pesanan',
    customer: 'Pemesan',
    total: 'Total',
    booked: 'Yang Anda pesan',
    tickets: 'Tiket',
    previous: 'Sebelumnya',
    next: 'Berikutnya',
    some_of: (first, last, all) => `${first} sampai ${last} dari ${all}`,
    payment_failed: [
      'Penyedia pembayaran tidak menerimanya',
      'Tidak ada uang yang diambil. Kembali dan coba lagi, atau pilih cara bayar lain.',
    ],
    too_many_payments: ['Terlalu banyak percobaan membayar', 'Buat pesanan baru setelah waktu pesanan ini habis.'],
  },
}
