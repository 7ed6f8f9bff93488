import type { en } from './en.ts'

export const de: Readonly<Record<keyof typeof en, string>> = {
  'home.title': 'Anmeldung am Rand des Netzes',
  'home.lead':
    'Diese Adresse meldet Menschen bei den Anwendungen ihres Betreibers an. Anwendungen sprechen mit ihr; hier gibt es nichts zu tun.',
  'home.docs': 'API-Dokumentation lesen',
  'home.document': 'OpenAPI-Dokument',

  'missing.title': 'Hier gibt es nichts',
  'missing.lead': 'Vielleicht ist die Adresse vertippt, oder der Inhalt ist umgezogen.',
  'missing.home': 'Zur Startseite',
}
