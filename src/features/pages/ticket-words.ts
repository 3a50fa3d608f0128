import type { Language } from '../../lib/language.ts'
import type { Notice } from './common-words.ts'

export type TicketWords = Readonly<{
  yours: string
  void: string
  used: string
  handed_on: Notice
  change_name: string
  name: string
  save_name: string
  name_closed: Notice
  ticket_gone: Notice
  offered: string
  offered_by: (name: string) => string
  until: string
  type: string
  your_name: string
  name_means: string
  accept: string
  decline: string
  accepted: Notice
  declined: Notice
  withdrawn: Notice
  expired: Notice
}>

export const ticketWords: Readonly<Record<Language, TicketWords>> = {
  en: {
    yours: 'Your ticket',
    void: 'Cancelled',
    used: 'Used',
    handed_on: [
      'This ticket was handed on',
      'It is somebody else’s now, and its old QR code admits nobody. If it came back to you, open the latest mail.',
    ],
    change_name: 'Change the name',
    name: 'Name on the ticket',
    save_name: 'Save name',
    name_closed: [
      'The name can’t be changed any more',
      'The organizer has closed the list of names for this event, or the ticket has been used.',
    ],
    ticket_gone: ['This ticket admits nobody any more', 'It has been cancelled or used.'],
    offered: 'A ticket for you',
    offered_by: (name) => `${name} would like to give it to you.`,
    until: 'Accept until',
    type: 'Ticket',
    your_name: 'Your name',
    name_means: 'It is written on the ticket. You get a QR code of your own, and the old one stops working.',
    accept: 'Accept the ticket',
    decline: 'No, thank you',
    accepted: ['This ticket has been accepted', 'The link to it is in the mail that came after this one.'],
    declined: ['You have declined it', 'The ticket stays with who offered it. You can close this page.'],
    withdrawn: ['This offer is gone', 'Who made it has taken it back, or the ticket is not to be had any more.'],
    expired: ['This offer has expired', 'Ask who made it to offer you the ticket again.'],
  },
  id: {
    yours: 'Tiket Anda',
    void: 'Dibatalkan',
    used: 'Sudah dipakai',
    handed_on: [
      'Tiket ini sudah diserahkan',
      'Sekarang tiket ini milik orang lain dan kode QR lamanya tidak berlaku. Jika kembali kepada Anda, buka email terbaru.',
    ],
    change_name: 'Ganti nama',
    name: 'Nama di tiket',
    save_name: 'Simpan nama',
    name_closed: [
      'Nama tidak bisa diganti lagi',
      'Penyelenggara sudah menutup daftar nama acara ini, atau tiketnya sudah dipakai.',
    ],
    ticket_gone: ['Tiket ini tidak berlaku lagi', 'Tiketnya sudah dibatalkan atau dipakai.'],
    offered: 'Tiket untuk Anda',
    offered_by: (name) => `${name} ingin memberikannya kepada Anda.`,
    until: 'Terima sebelum',
    type: 'Tiket',
    your_name: 'Nama Anda',
    name_means: 'Nama ini tertulis di tiket. Anda mendapat kode QR sendiri, dan kode yang lama tidak berlaku lagi.',
    accept: 'Terima tiket',
    decline: 'Tidak, terima kasih',
    accepted: ['Tiket ini sudah diterima', 'Tautannya ada di email yang datang sesudah yang ini.'],
    declined: ['Anda menolaknya', 'Tiketnya tetap pada yang menawarkan. Halaman ini boleh ditutup.'],
    withdrawn: ['Tawaran ini sudah tidak ada', 'Tawarannya ditarik kembali, atau tiketnya tidak tersedia lagi.'],
    expired: ['Tawaran ini sudah kedaluwarsa', 'Minta yang menawarkan untuk menawarkan tiketnya sekali lagi.'],
  },
}
