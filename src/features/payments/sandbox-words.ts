import type { Language } from '../../lib/language.ts'

/** What the page says. Functions where a word stands in the sentence. */
export type Words = Readonly<{
  banner: string
  language: string
  to_pay: string
  paid: string
  paid_too_late: string
  declined: string
  closed: string
  time_is_up: string
  paid_on: (moment: string) => string
  paid_too_late_on: (moment: string) => string
  declined_means: string
  closed_means: string
  time_was_up_on: (moment: string) => string
  pay_until: string
  key: string
  paid_back: string
  choose: string
  pay: (money: string) => string
  pay_means: string
  decline: string
  decline_means: string
  close: string
  close_means: string
  pay_too_late: string
  pay_too_late_means: string
  back_to: (host: string) => string
  about: string
  unknown: readonly [title: string, text: string]
  not_understood: readonly [title: string, text: string]
  too_many: readonly [title: string, text: string]
  unavailable: readonly [title: string, text: string]
  broken: readonly [title: string, text: string]
}>

export const wordsOf: Readonly<Record<Language, Words>> = {
  en: {
    banner: 'Sandbox: no real money',
    language: 'Language',
    to_pay: 'To pay',
    paid: 'Paid',
    paid_too_late: 'Paid too late',
    declined: 'Declined',
    closed: 'Closed',
    time_is_up: 'Time is up',
    paid_on: (moment) => `Paid on ${moment}.`,
    paid_too_late_on: (moment) => `Paid on ${moment}, after the time to pay had ended.`,
    declined_means: 'The payment was declined. No money was taken.',
    closed_means: 'This payment was closed and can’t be paid any more.',
    time_was_up_on: (moment) => `The time to pay ended on ${moment}.`,
    pay_until: 'Pay until',
    key: 'Payment',
    paid_back: 'Paid back',
    choose: 'Choose what happens',
    pay: (money) => `Pay ${money}`,
    pay_means: 'The customer pays and the money arrives.',
    decline: 'Decline',
    decline_means: 'The bank says no. No money is taken.',
    close: 'Close',
    close_means: 'The customer gives up. It can’t be paid any more.',
    pay_too_late: 'Pay too late',
    pay_too_late_means: 'The money arrives all the same, as it can from a slow bank.',
    back_to: (host) => `Back to ${host}`,
    about:
      'This page stands in for a payment provider while Karcis is being tried out. It is never there in production.',
    unknown: ['There is no such payment', 'Check the link, or open the payment again from where you came.'],
    not_understood: ['That was not understood', 'Go back to the payment and choose one of its buttons.'],
    too_many: ['Too many requests', 'Wait a moment, then try again.'],
    unavailable: ['Not available right now', 'Nothing was changed that this page does not show. Try again shortly.'],
    broken: ['Something went wrong', 'This is a fault of ours, and it has been written down. Try again shortly.'],
  },
  id: {
    banner: 'Sandbox: bukan uang sungguhan',
    language: 'Bahasa',
    to_pay: 'Yang harus dibayar',
    paid: 'Lunas',
    paid_too_late: 'Lunas, tetapi terlambat',
    declined: 'Ditolak',
    closed: 'Ditutup',
    time_is_up: 'Waktu habis',
    paid_on: (moment) => `Dibayar pada ${moment}.`,
    paid_too_late_on: (moment) => `Dibayar pada ${moment}, setelah batas waktunya.`,
    declined_means: 'Pembayaran ditolak. Tidak ada uang yang diambil.',
    closed_means: 'Pembayaran ini sudah ditutup dan tidak bisa dibayar lagi.',
    time_was_up_on: (moment) => `Batas waktu pembayaran berakhir pada ${moment}.`,
    pay_until: 'Bayar sebelum',
    key: 'Pembayaran',
    paid_back: 'Dikembalikan',
    choose: 'Pilih yang terjadi',
    pay: (money) => `Bayar ${money}`,
    pay_means: 'Pelanggan membayar dan uangnya masuk.',
    decline: 'Tolak',
    decline_means: 'Bank menolak. Tidak ada uang yang diambil.',
    close: 'Tutup',
    close_means: 'Pelanggan batal membayar. Tidak bisa dibayar lagi.',
    pay_too_late: 'Bayar terlambat',
    pay_too_late_means: 'Uangnya tetap masuk, seperti dari bank yang lambat.',
    back_to: (host) => `Kembali ke ${host}`,
    about:
      'Halaman ini menggantikan penyedia pembayaran selama Karcis dicoba. Halaman ini tidak pernah ada di produksi.',
    unknown: ['Pembayaran tidak ditemukan', 'Periksa tautannya, atau buka lagi pembayaran dari halaman sebelumnya.'],
    not_understood: ['Permintaan tidak dimengerti', 'Kembali ke pembayaran dan pilih salah satu tombolnya.'],
    too_many: ['Terlalu banyak permintaan', 'Tunggu sebentar, lalu coba lagi.'],
    unavailable: [
      'Sedang tidak tersedia',
      'Tidak ada yang berubah selain yang terlihat di halaman ini. Coba lagi sebentar.',
    ],
    broken: ['Terjadi kesalahan', 'Ini kesalahan kami dan sudah dicatat. Coba lagi sebentar.'],
  },
}
