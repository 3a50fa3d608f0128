import type { Language } from '../../lib/language.ts'
import type { Notice } from './common-words.ts'

export type AccountWords = Readonly<{
  password_title: string
  password_means: string
  new_password: string
  repeated: string
  save_password: string
  at_least: (characters: number) => string
  too_short: (characters: number) => string
  too_long: string
  not_the_same: string
  password_changed: Notice
  password_link_dead: Notice
  email_title: string
  email_means: string
  confirm: string
  email_confirmed: Notice
}>

export const accountWords: Readonly<Record<Language, AccountWords>> = {
  en: {
    password_title: 'Choose a new password',
    password_means: 'You are then signed out everywhere, and sign in again with it.',
    new_password: 'New password',
    repeated: 'The same again',
    save_password: 'Save password',
    at_least: (characters) => `At least ${characters} characters`,
    too_short: (characters) => `The password must be at least ${characters} characters long.`,
    too_long: 'The password is too long: at most 72 bytes, which is 72 plain letters.',
    not_the_same: 'The two passwords are not the same.',
    password_changed: ['Your password has been changed', 'Sign in with it from now on. You can close this page.'],
    password_link_dead: [
      'This link does not work any more',
      'It has been used, or its time is over. Ask for a new one where you sign in.',
    ],
    email_title: 'Is this your address?',
    email_means: 'Confirm it, so that your tickets reach you.',
    confirm: 'Confirm this address',
    email_confirmed: ['Your address is confirmed', 'Thank you. You can close this page.'],
  },
  id: {
    password_title: 'Pilih kata sandi baru',
    password_means: 'Setelah itu Anda keluar dari semua perangkat dan masuk lagi dengan kata sandi baru.',
    new_password: 'Kata sandi baru',
    repeated: 'Ulangi kata sandi',
    save_password: 'Simpan kata sandi',
    at_least: (characters) => `Minimal ${characters} karakter`,
    too_short: (characters) => `Kata sandi minimal ${characters} karakter.`,
    too_long: 'Kata sandi terlalu panjang: maksimal 72 byte, yaitu 72 huruf biasa.',
    not_the_same: 'Kedua kata sandi tidak sama.',
    password_changed: [
      'Kata sandi Anda sudah diganti',
      'Mulai sekarang masuklah dengan kata sandi itu. Halaman ini boleh ditutup.',
    ],
    password_link_dead: [
      'Tautan ini tidak berlaku lagi',
      'Tautannya sudah dipakai atau waktunya habis. Minta yang baru di tempat Anda masuk.',
    ],
    email_title: 'Apakah ini alamat Anda?',
    email_means: 'Konfirmasikan agar tiket Anda sampai kepada Anda.',
    confirm: 'Konfirmasi alamat ini',
    email_confirmed: ['Alamat Anda sudah dikonfirmasi', 'Terima kasih. Halaman ini boleh ditutup.'],
  },
}
