import type { MailWords } from './letter-words.ts'

export const indonesian: MailWords = {
  greeting: (name) => (name === '' ? 'Halo,' : `Halo ${name},`),
  labels: {
    event: 'Acara',
    when: 'Waktu',
    doors: 'Pintu dibuka',
    where: 'Tempat',
    booking: 'Pemesanan',
    tickets: 'Tiket',
    total: 'Total',
    refund: 'Pengembalian dana',
  },
  instead: 'Kalau tombolnya tidak berfungsi, buka tautan ini:',
  footer: 'Anda menerima email ini karena memiliki akun atau tiket di sini. Balasan ke alamat ini tidak dibaca.',
  say: {
    welcome: () => ({
      subject: 'Selamat datang di Karcis',
      title: 'Senang Anda ada di sini',
      paragraphs: [
        'Akun Anda sudah siap. Mohon pastikan bahwa alamat ini milik Anda, supaya tiket sampai ke tangan Anda.',
      ],
      button: 'Konfirmasi alamat ini',
      note: 'Kalau Anda tidak mendaftar, abaikan saja email ini.',
    }),
    email_changed: () => ({
      subject: 'Konfirmasi alamat email Anda',
      title: 'Konfirmasi alamat Anda',
      paragraphs: [
        'Mohon pastikan bahwa alamat ini milik Anda. Mulai sekarang email tentang tiket Anda dikirim ke sini.',
      ],
      button: 'Konfirmasi alamat ini',
      note: 'Kalau Anda tidak punya akun di sini, abaikan saja email ini.',
    }),
    password_reset: () => ({
      subject: 'Buat kata sandi baru',
      title: 'Buat kata sandi baru',
      paragraphs: ['Ada yang meminta kata sandi baru untuk akun Anda, semoga itu memang Anda.'],
      button: 'Buat kata sandi',
      note: 'Tautannya berlaku sekali, selama 30 menit. Kalau bukan Anda yang meminta, tidak ada yang berubah.',
    }),
    staff_invitation: () => ({
      subject: 'Anda diundang bertugas di pintu masuk',
      title: 'Selamat bergabung',
      paragraphs: [
        'Penyelenggara mengundang Anda untuk memeriksa tiket di acaranya. Buat kata sandi, lalu Anda bisa masuk.',
      ],
      button: 'Buat kata sandi',
      note: 'Tautannya berlaku sekali, selama 7 hari.',
    }),
    booking_held: ({ event, until }) => ({
      subject: `Kursi Anda disimpan: ${event!.title}`,
      title: 'Kursi Anda menunggu',
      paragraphs: [`Kursi disimpan sampai ${until}. Bayar sebelum itu, dan tiketnya menjadi milik Anda.`],
      button: 'Bayar sekarang',
    }),
    booking_confirmed: ({ event, allHandedOver = false }) => ({
      subject: `Tiket Anda: ${event!.title}`,
      title: allHandedOver ? 'Pemesanan Anda selesai' : 'Sampai jumpa di acara!',
      paragraphs: [
        allHandedOver
          ? 'Semua tiketnya sudah Anda serahkan. Penerimanya mendapatkannya lewat email.'
          : 'Tiket Anda terlampir di email ini sebagai PDF. Tunjukkan kode QR-nya di pintu masuk, dicetak atau di ponsel.',
      ],
      button: 'Buka pemesanan',
      ...(!allHandedOver && {
        note: 'Siapa pun yang memegang kode QR bisa masuk dengannya, satu kali. Jangan bagikan.',
      }),
    }),
    booking_expired: ({ event }) => ({
      subject: `Pemesanan kedaluwarsa: ${event!.title}`,
      title: 'Pemesanan Anda kedaluwarsa',
      paragraphs: [
        'Pembayarannya tidak datang tepat waktu, jadi kursinya dijual kembali.',
        'Kalau Anda ternyata sudah membayar, Anda mendapat tiket bila kursi masih ada; kalau tidak, uang Anda kembali.',
      ],
      button: 'Lihat pemesanan',
    }),
    booking_cancelled: ({ event, cancelled, refund, isHolder }) => {
      if (isHolder === true) {
        return {
          subject: `Dibatalkan: ${event!.title}`,
          title: 'Tiket Anda dibatalkan',
          paragraphs: [
            'Tiket yang diserahkan kepada Anda tidak berlaku lagi: pemesannya atau penyelenggara membatalkannya.',
          ],
        }
      }
      const { isAll, by, tickets } = cancelled!
      const what = isAll ? 'pemesanan Anda' : `${tickets} tiket dari pemesanan Anda`
      return {
        subject: `Dibatalkan: ${event!.title}`,
        title: isAll ? 'Pemesanan Anda dibatalkan' : 'Sebagian tiket dibatalkan',
        paragraphs: [
          by === 'organizer' ? `Penyelenggara membatalkan ${what}.` : `Sesuai permintaan Anda, ${what} dibatalkan.`,
          refund === undefined
            ? 'Tidak ada uang yang dikembalikan.'
            : `${refund} dikembalikan kepada Anda lewat cara Anda membayar. Ini bisa memakan waktu beberapa hari.`,
        ],
        button: 'Lihat pemesanan',
      }
    },
    booking_refunded: ({ event, refund }) => ({
      subject: `Pengembalian dana: ${event!.title}`,
      title: `${refund} sedang dalam perjalanan kembali`,
      paragraphs: [
        'Uang Anda sudah dikembalikan lewat cara Anda membayar. Bank bisa butuh beberapa hari sampai terlihat.',
      ],
      button: 'Lihat pemesanan',
    }),
    event_changed: ({ event, was }) => ({
      subject: `Ada perubahan: ${event!.title}`,
      title: 'Ada yang berubah',
      paragraphs: [
        'Penyelenggara mengubah acara yang tiketnya Anda miliki. Tiket Anda tetap berlaku.',
        ...(was?.title === undefined ? [] : [`Sebelumnya bernama: ${was.title}`]),
        ...(was?.date === undefined ? [] : [`Sebelumnya pada: ${was.date}`]),
        ...(was?.location === undefined ? [] : [`Sebelumnya di: ${was.location}`]),
        'Sekarang menjadi:',
      ],
      button: 'Buka tiket',
    }),
    event_cancelled: ({ event, reason, isHolder }) => ({
      subject: `Dibatalkan: ${event!.title}`,
      title: 'Acara ini tidak jadi diadakan',
      paragraphs: [
        'Mohon maaf, penyelenggara membatalkan acara ini. Tiket Anda tidak berlaku lagi.',
        ...(reason === undefined ? [] : [`Pesan penyelenggara: ${reason}`]),
        ...(isHolder === true ? [] : ['Kalau Anda sudah membayar, seluruhnya dikembalikan lewat cara Anda membayar.']),
      ],
      button: 'Lihat pemesanan',
    }),
    event_reminder: ({ event }) => ({
      subject: `Sebentar lagi: ${event!.title}`,
      title: 'Sebentar lagi acaranya',
      paragraphs: ['Siapkan kode QR Anda di pintu masuk: dicetak, atau di layar yang terang.'],
      button: 'Buka tiket',
    }),
    ticket_offered: ({ event, from, until }) => ({
      subject: `Tiket untuk Anda: ${event!.title}`,
      title: 'Ada tiket untuk Anda',
      paragraphs: [
        from === undefined ? 'Anda ditawari sebuah tiket.' : `${from} menawarkan sebuah tiket kepada Anda.`,
        `Terima sebelum ${until}, dan tiket itu menjadi milik Anda.`,
      ],
      button: 'Lihat tiket',
      note: 'Kalau tidak mau, Anda tidak perlu melakukan apa-apa.',
    }),
    ticket_received: ({ event }) => ({
      subject: `Tiket Anda: ${event!.title}`,
      title: 'Tiket ini milik Anda',
      paragraphs: [
        'Tiketnya terlampir di email ini sebagai PDF. Tunjukkan kode QR-nya di pintu masuk, dicetak atau di ponsel.',
        'Kode QR pemegang sebelumnya tidak berlaku lagi.',
      ],
      button: 'Buka tiket',
      note: 'Siapa pun yang memegang kode QR bisa masuk dengannya, satu kali. Jangan bagikan.',
    }),
    ticket_handed_over: ({ event, to }) => ({
      subject: `Tiket diserahkan: ${event!.title}`,
      title: 'Tiket Anda berpindah tangan',
      paragraphs: [
        to === undefined
          ? 'Tiket yang Anda tawarkan sudah diterima.'
          : `${to} sudah menerima tiket yang Anda tawarkan.`,
        'Kode QR dan kode yang Anda punya tidak berlaku lagi.',
      ],
      button: 'Lihat pemesanan',
    }),
  },
}
