import type { en } from './en.ts'

export const de: Readonly<Record<keyof typeof en, string>> = {
  title: 'API',
  lead: 'Jede Route dieses Dienstes, zum Lesen und zum Ausprobieren. Was du von hier sendest, geschieht wirklich, und zwar im Namen dessen, der angemeldet ist.',
  document: 'OpenAPI-Dokument',
  filter: 'Route suchen',
  'filter.hint': 'Nach einem Teil des Pfads oder dessen, was sie tut',
  found: '{count} von {total} Routen',
  signIn: 'Anmelden',
  signOut: 'Abmelden',
  signedIn: 'Angemeldet als {email}',
  signedOut: 'Nicht angemeldet',
  'signIn.other': 'Anders anmelden',

  'opener.session': 'Braucht eine Sitzung: die Cookies dessen, der angemeldet ist, oder ein Zugangstoken.',
  'opener.client': 'Braucht die Kennung und das Geheimnis eines Dienstes.',
  'opener.none': 'Für alle offen.',

  try: 'Ausprobieren',
  body: 'Inhalt',
  file: 'Datei',
  clientId: 'Kennung des Dienstes',
  clientSecret: 'Geheimnis des Dienstes',
  send: 'Anfrage senden',
  open: 'In einem neuen Tab öffnen',
  needsSignIn: 'Du bist nicht angemeldet, deshalb wird das abgelehnt.',
  answered: 'Nach {milliseconds} ms mit {status} beantwortet.',
  redirected:
    'Die Antwort führt zu einer anderen Adresse, die sich eine Seite nicht ansehen darf. Öffne sie stattdessen in einem neuen Tab.',
  headers: 'Kopfzeilen der Antwort',
  answer: 'Inhalt der Antwort',
  empty: 'Die Antwort hat keinen Inhalt.',

  takes: 'Was sie nimmt',
  answers: 'Was sie antwortet',
  status: 'Status',
  meaning: 'Bedeutung',
  members: 'Felder',
  optional: 'optional',
  oneOf: 'Form {number} von {count}',
  listOf: 'Liste aus {type}',
}
