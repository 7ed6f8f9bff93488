import type { en } from './en.ts'

export const de: Readonly<Record<keyof typeof en, string>> = {
  title: 'Anmelden',
  submit: 'Anmelden',
  passkey: 'Mit einem Passkey anmelden',
  provider: 'Weiter mit {name}',
  or: 'oder',
  forgot: 'Passwort vergessen?',
  noAccount: 'Noch kein Konto?',
  signUp: 'Registrieren',
  redirecting: 'Du bist angemeldet.',
  'provider.failed':
    'Die Anmeldung bei diesem Anbieter hat nicht geklappt. Versuche es noch einmal oder melde dich anders an.',
  'provider.email_not_verified':
    'Der Anbieter hat deine E‑Mail-Adresse nicht bestätigt. Bestätige sie dort oder melde dich anders an.',
  'provider.identity_taken': 'Dieses Konto des Anbieters gehört hier zu einem anderen Konto.',
  'provider.access_denied': 'Du hast dem Anbieter nicht erlaubt, dich hier anzumelden.',

  'factor.title': 'Noch ein Schritt',
  'factor.lead': 'Dein Konto verlangt einen zweiten Nachweis, dass du es bist.',
  'factor.totp': 'Code deiner Authenticator-App',
  'factor.totp.hint': 'Sechs Ziffern',
  'factor.recovery_code': 'Wiederherstellungscode',
  'factor.recovery_code.hint': 'Einer der Codes, die du gedruckt oder gespeichert hast. Jeder gilt einmal.',
  'factor.email': 'Code aus unserer E‑Mail',
  'factor.email.hint': 'Wir haben dir eine E‑Mail mit einem Code gesendet.',
  'factor.email.send': 'Code per E‑Mail senden',
  'factor.email.again': 'Noch eine E‑Mail senden',
  'factor.passkey': 'Passkey verwenden',
  'factor.use.totp': 'Authenticator-App verwenden',
  'factor.use.recovery_code': 'Wiederherstellungscode verwenden',
  'factor.use.email': 'Code per E‑Mail bekommen',
  'factor.use.passkey': 'Passkey verwenden',
  'factor.remember': 'Auf diesem Gerät eine Weile nicht fragen',
  'factor.submit': 'Bestätigen',
  'factor.back': 'Neu beginnen',

  'signUp.title': 'Konto anlegen',
  'signUp.name': 'Name',
  'signUp.optional': 'Das darf leer bleiben.',
  'signUp.submit': 'Registrieren',
  'signUp.haveAccount': 'Schon ein Konto?',
  'signUp.done.title': 'Sieh in deine E‑Mails',
  'signUp.done.text':
    'Wir haben eine E‑Mail an {email} gesendet. Öffne sie und bestätige die Adresse; dann kannst du dich anmelden.',
  'signUp.done.again': 'Noch eine E‑Mail senden',
  'signUp.done.sent': 'Noch eine E‑Mail ist unterwegs. Das kann eine Minute dauern.',
  'signUp.done.code': 'Ich habe den Code aus der E‑Mail',

  'forgot.title': 'Passwort vergessen?',
  'forgot.lead': 'Wir senden dir eine E‑Mail mit einem Link, mit dem du ein neues wählen kannst.',
  'forgot.submit': 'E‑Mail senden',
  'forgot.done.title': 'Sieh in deine E‑Mails',
  'forgot.done.text':
    'Gibt es ein Konto mit {email}, ist eine E‑Mail unterwegs. Das kann eine Minute dauern. Der Link darin gilt eine Stunde.',
  'forgot.done.code': 'Ich habe den Code aus der E‑Mail',
  'forgot.back': 'Zurück zur Anmeldung',
}
