import type { Language } from '../../lib/language.ts'

/** A heading and what it means. */
export type Notice = readonly [title: string, text: string]

/** What several pages say. */
export type CommonWords = Readonly<{
  language: string
  about: string
  back: string
  ticket: (id: number) => string
  code: string
  code_means: string
  save: string
  pdf: string
  calendar: string
  doors_open: string
  until: string
  used: string
  left: string
  void: string
  handed_over: string
  event_cancelled: string
  dead_link: Notice
  not_there: Notice
  not_understood: Notice
  too_many: Notice
  unavailable: Notice
  broken: Notice
}>

export const commonWords: Readonly<Record<Language, CommonWords>> = {
  en: {
    language: 'Language',
    about:
      'This page opens by its link alone. Whoever has the link can do what you can do here, so keep it to yourself.',
    back: 'Back',
    ticket: (id) => `Ticket ${id}`,
    code: 'Code',
    code_means: 'Show this at the door. Turn up the brightness of your screen.',
    save: 'Save as PDF',
    pdf: 'All tickets as PDF',
    calendar: 'Add to calendar',
    doors_open: 'Doors open',
    until: 'Ends',
    used: 'Already let in with this ticket',
    left: 'Outside for the moment',
    void: 'Cancelled: this ticket admits nobody',
    handed_over: 'Handed over to somebody else, who has the QR code',
    event_cancelled: 'The event has been cancelled',
    dead_link: [
      'This link does not work any more',
      'It may have expired, or a part of it was lost on the way. Open it again from the latest mail you have.',
    ],
    not_there: ['This is not here any more', 'What this link led to has been removed.'],
    not_understood: ['That was not understood', 'Go back and try it again.'],
    too_many: ['Too many requests', 'Wait a moment, then try again.'],
    unavailable: ['Not available right now', 'Try again shortly. Nothing was changed that you will not find here.'],
    broken: ['Something went wrong', 'This is a fault of ours, and it has been written down. Try again shortly.'],
  },
  id: {
    language: 'Bahasa',
    about:
      'Halaman ini terbuka hanya dengan tautannya. Siapa pun yang memilikinya dapat melakukan hal yang sama seperti ' +
      'Anda, jadi jangan bagikan.',
    back: 'Kembali',
    ticket: (id) => `Tiket ${id}`,
    code: 'Kode',
    code_means: 'Tunjukkan ini di pintu masuk. Terangkan layar Anda.',
    save: 'Simpan sebagai PDF',
    pdf: 'Semua tiket dalam PDF',
    calendar: 'Tambahkan ke kalender',
    doors_open: 'Pintu dibuka',
    until: 'Selesai',
    used: 'Tiket ini sudah dipakai untuk masuk',
    left: 'Sedang di luar',
    void: 'Dibatalkan: tiket ini tidak berlaku untuk masuk',
    handed_over: 'Sudah diserahkan kepada orang lain; kode QR ada padanya',
    event_cancelled: 'Acara ini telah dibatalkan',
    dead_link: [
      'Tautan ini tidak berlaku lagi',
      'Mungkin sudah kedaluwarsa atau tidak lengkap. Buka kembali dari email terbaru yang Anda terima.',
    ],
    not_there: ['Halaman ini sudah tidak ada', 'Isi tautan ini telah dihapus.'],
    not_understood: ['Permintaan tidak dimengerti', 'Kembali, lalu coba sekali lagi.'],
    too_many: ['Terlalu banyak permintaan', 'Tunggu sebentar, lalu coba lagi.'],
    unavailable: ['Sedang tidak tersedia', 'Coba lagi sebentar. Semua perubahan yang sudah tersimpan tampak di sini.'],
    broken: ['Terjadi kesalahan', 'Ini kesalahan kami dan sudah dicatat. Coba lagi sebentar.'],
  },
}
