import type { Language } from '../lib/language.ts'

/** What is said of a field that is wrong, by its name. */
export type FieldWords = Readonly<{
  required: (name: string) => string
  empty: (name: string) => string
  repeated: (name: string) => string
  type: (name: string, type: string) => string
  atLeast: (name: string, limit: number) => string
  atMost: (name: string, limit: number) => string
  charactersAtLeast: (name: string, limit: number) => string
  charactersAtMost: (name: string, limit: number) => string
  entriesAtLeast: (name: string, limit: number) => string
  entriesAtMost: (name: string, limit: number) => string
  eachOnce: (name: string) => string
  unknown: (name: string) => string
  oneOf: (name: string, values: string) => string
  invalid: (name: string) => string
  /** By the format that it should have. */
  formats: Readonly<Record<string, (name: string) => string>>
}>

const en: FieldWords = {
  required: (name) => `${name} is required`,
  empty: (name) => `${name} must not be empty`,
  repeated: (name) => `${name} came more than once: name it once`,
  type: (name, type) => `${name} must be ${['integer', 'array', 'object'].includes(type) ? 'an' : 'a'} ${type}`,
  atLeast: (name, limit) => `${name} must be at least ${limit}`,
  atMost: (name, limit) => `${name} must be at most ${limit}`,
  charactersAtLeast: (name, limit) => `${name} must be at least ${limit} characters long`,
  charactersAtMost: (name, limit) => `${name} must be at most ${limit} characters long`,
  entriesAtLeast: (name, limit) => `${name} must have at least ${limit} ${limit === 1 ? 'entry' : 'entries'}`,
  entriesAtMost: (name, limit) => `${name} must have at most ${limit} entries`,
  eachOnce: (name) => `${name} must have each only once`,
  unknown: (name) => `${name} is not known here`,
  oneOf: (name, values) => `${name} must be one of ${values}`,
  invalid: (name) => `${name} is not valid`,
  formats: {
    email: (name) => `${name} must be an email address`,
    'date-time': (name) => `${name} must be a real date and time with a zone, such as 2030-12-31T19:00:00Z`,
    currency: (name) => `${name} must be a currency by ISO 4217, such as IDR`,
    'time-zone': (name) => `${name} must be a time zone of the IANA database, such as Asia/Jakarta`,
    text: (name) => `${name} contains a character that is not text (NUL or half of a surrogate pair)`,
  },
}

const types: Readonly<Record<string, string>> = {
  integer: 'bilangan bulat',
  number: 'angka',
  string: 'teks',
  boolean: 'true atau false',
  array: 'daftar',
  object: 'objek',
  null: 'null',
}

const id: FieldWords = {
  required: (name) => `${name} wajib diisi`,
  empty: (name) => `${name} tidak boleh kosong`,
  repeated: (name) => `${name} disebut lebih dari sekali: sebut sekali saja`,
  type: (name, type) => `${name} harus berupa ${types[type] ?? type}`,
  atLeast: (name, limit) => `${name} paling sedikit ${limit}`,
  atMost: (name, limit) => `${name} paling banyak ${limit}`,
  charactersAtLeast: (name, limit) => `${name} paling sedikit ${limit} karakter`,
  charactersAtMost: (name, limit) => `${name} paling banyak ${limit} karakter`,
  entriesAtLeast: (name, limit) => `${name} harus punya paling sedikit ${limit} isi`,
  entriesAtMost: (name, limit) => `${name} boleh punya paling banyak ${limit} isi`,
  eachOnce: (name) => `tiap isi ${name} hanya boleh sekali`,
  unknown: (name) => `${name} tidak dikenal di sini`,
  oneOf: (name, values) => `${name} harus salah satu dari ${values}`,
  invalid: (name) => `${name} tidak valid`,
  formats: {
    email: (name) => `${name} harus berupa alamat email`,
    'date-time': (name) => `${name} harus berupa tanggal dan jam dengan zona waktu, seperti 2030-12-31T19:00:00Z`,
    currency: (name) => `${name} harus berupa mata uang menurut ISO 4217, seperti IDR`,
    'time-zone': (name) => `${name} harus berupa zona waktu IANA, seperti Asia/Jakarta`,
    text: (name) => `${name} memuat karakter yang bukan teks (NUL atau separuh pasangan surrogate)`,
  },
}

export const fieldWords: Readonly<Record<Language, FieldWords>> = { en, id }
