/** What people are told about (in the order of the texts below). */
export const NOTICE_KINDS = [
  'new_device',
  'password_changed',
  'password_reset_by_admin',
  'two_factor_enabled',
  'two_factor_disabled',
  'two_factor_removed',
  'account_locked',
  'backup_codes_low',
  'proofs_refused',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
export type Locale = 'en' | 'id';

/** Facts of a notice. */
export interface NoticeFacts {
  /** Readable device name. */
  readonly device: string | null;
  readonly ipAddress: string | null;
  readonly at: Date;
}

interface Text {
  readonly subject: string;
  readonly sentence: string;
}

const TEXTS: Record<Locale, Record<NoticeKind, Text>> = {
  en: {
    new_device: {
      subject: 'New sign-in to your account',
      sentence: 'Somebody signed in to your account on a device that was not used before.',
    },
    password_changed: {
      subject: 'Your password was changed',
      sentence: 'The password of your account was changed. All other sign-ins were ended.',
    },
    password_reset_by_admin: {
      subject: 'An administrator reset your password',
      sentence:
        'An administrator gave your account a new password, which you must change at the next sign-in. All sign-ins were ended.',
    },
    two_factor_enabled: {
      subject: 'The second factor was turned on',
      sentence: 'Signing in to your account now asks for a code of your authenticator app.',
    },
    two_factor_disabled: {
      subject: 'The second factor was turned off',
      sentence: 'Signing in to your account no longer asks for a code.',
    },
    two_factor_removed: {
      subject: 'An administrator removed your second factor',
      sentence:
        'An administrator removed the second factor of your account. All sign-ins were ended. Set up a new one soon.',
    },
    account_locked: {
      subject: 'Your account is locked for a while',
      sentence:
        'Too many wrong passwords were given for your account. It is locked for a while, except on devices that you have used before.',
    },
    backup_codes_low: {
      subject: 'Few backup codes are left',
      sentence: 'Two or fewer of your backup codes are left. Make a new set in your security settings.',
    },
    proofs_refused: {
      subject: 'Wrong passwords or codes while signed in',
      sentence:
        'Somebody who is signed in to your account gave a wrong password or a wrong code five times. After ten times they are signed out.',
    },
  },
  id: {
    new_device: {
      subject: 'Login baru ke akun Anda',
      sentence: 'Seseorang masuk ke akun Anda dari perangkat yang belum pernah dipakai.',
    },
    password_changed: {
      subject: 'Kata sandi Anda telah diubah',
      sentence: 'Kata sandi akun Anda telah diubah. Semua sesi lain telah diakhiri.',
    },
    password_reset_by_admin: {
      subject: 'Administrator mengatur ulang kata sandi Anda',
      sentence:
        'Administrator memberi akun Anda kata sandi baru yang harus Anda ganti saat masuk berikutnya. Semua sesi telah diakhiri.',
    },
    two_factor_enabled: {
      subject: 'Faktor kedua telah diaktifkan',
      sentence: 'Mulai sekarang, masuk ke akun Anda memerlukan kode dari aplikasi autentikator.',
    },
    two_factor_disabled: {
      subject: 'Faktor kedua telah dinonaktifkan',
      sentence: 'Masuk ke akun Anda tidak lagi memerlukan kode.',
    },
    two_factor_removed: {
      subject: 'Administrator menghapus faktor kedua Anda',
      sentence:
        'Administrator menghapus faktor kedua akun Anda. Semua sesi telah diakhiri. Segera atur yang baru.',
    },
    account_locked: {
      subject: 'Akun Anda dikunci sementara',
      sentence:
        'Terlalu banyak kata sandi salah diberikan untuk akun Anda. Akun dikunci sementara, kecuali di perangkat yang pernah Anda pakai.',
    },
    backup_codes_low: {
      subject: 'Kode cadangan hampir habis',
      sentence: 'Kode cadangan Anda tinggal dua atau kurang. Buat kode baru di pengaturan keamanan Anda.',
    },
    proofs_refused: {
      subject: 'Kata sandi atau kode salah saat sudah masuk',
      sentence:
        'Seseorang yang sudah masuk ke akun Anda lima kali memberikan kata sandi atau kode yang salah. Setelah sepuluh kali, sesinya diakhiri.',
    },
  },
};

const WORDS = {
  en: {
    greeting: 'Hello,',
    time: 'Time',
    device: 'Device',
    address: 'Address',
    advice:
      'If this was you, there is nothing to do. If not, call your administrator at once. We never ask for a password or a code by mail.',
  },
  id: {
    greeting: 'Halo,',
    time: 'Waktu',
    device: 'Perangkat',
    address: 'Alamat',
    advice:
      'Jika ini Anda, tidak ada yang perlu dilakukan. Jika bukan, segera hubungi administrator Anda. Kami tidak pernah meminta kata sandi atau kode lewat surel.',
  },
} as const;

/** Subject and text of a notice: no secret, no link, and no name: whoever chose it could write to others with it. */
export function writeNotice(
  kind: NoticeKind,
  locale: Locale,
  { at, device, ipAddress }: NoticeFacts,
): { subject: string; text: string } {
  const { subject, sentence } = TEXTS[locale][kind];
  const words = WORDS[locale];
  const facts = [
    `${words.time}: ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    ...(device === null ? [] : [`${words.device}: ${device}`]),
    ...(ipAddress === null ? [] : [`${words.address}: ${ipAddress}`]),
  ];
  const text = [words.greeting, sentence, facts.join('\n'), words.advice].join('\n\n');
  return { subject: `Benteng: ${subject}`, text: `${text}\n` };
}
