import type { en } from './en.ts'

export const de: Readonly<Record<keyof typeof en, string>> = {
  title: 'Protokoll',
  type: 'Ereignis',
  'type.hint': 'zum Beispiel login.failed',
  userId: 'Betrifft (Kennung)',
  actorId: 'Getan von (Kennung)',
  from: 'Ab',
  to: 'Bis',
  live: 'Live',
  'live.on': 'Neue Ereignisse erscheinen von selbst.',
  'live.came': '{count} neue.',
  at: 'Wann',
  who: 'Getan von',
  whom: 'Betrifft',
  where: 'Woher',
  empty: 'So etwas ist nicht geschehen. Ändere die Filter.',
  self: 'selbst',
  system: 'Niemand Angemeldetes, oder der Dienst',
  id: 'Kennung des Ereignisses',
  device: 'Programm',
  address: 'Netzadresse',
  verify: 'Protokoll prüfen',
  'verify.running': '{count} Ereignisse bisher geprüft …',
  'verify.intact': '{count} Ereignisse geprüft: Das Protokoll ist so, wie es geschrieben wurde.',
  'verify.broken':
    'Das Protokoll wurde an Stelle {sequence} verändert: {problem}. Sag es denen, die für die Sicherheit verantwortlich sind.',
}
