import type { en } from './en.ts'

export const de: Readonly<Record<keyof typeof en, string>> = {
  'verify.title': 'E‑Mail-Adresse bestätigen',
  'verify.intro': 'Nur noch ein Schritt: Bestätige, dass diese Adresse dir gehört.',
  'verify.submit': 'Adresse bestätigen',
  'verify.done.title': 'Deine Adresse ist bestätigt',
  'verify.done.text': 'Du kannst diese Seite schließen und dich anmelden.',

  'reset.title': 'Neues Passwort wählen',
  'reset.intro': 'Alle, die bei deinem Konto angemeldet sind, auch du selbst, werden abgemeldet.',
  'reset.submit': 'Neues Passwort setzen',
  'reset.done.title': 'Dein Passwort ist geändert',
  'reset.done.text': 'Du kannst diese Seite schließen und dich mit dem neuen Passwort anmelden.',

  'change.title': 'Neue E‑Mail-Adresse bestätigen',
  'change.intro': 'Ab dann meldest du dich mit dieser Adresse an, und unsere E‑Mails gehen dorthin.',
  'change.submit': 'Neue Adresse bestätigen',
  'change.done.title': 'Deine neue Adresse ist bestätigt',
  'change.done.text': 'Du kannst diese Seite schließen. Deine alte Adresse wurde über die Änderung informiert.',
  'change.email': 'Neue E‑Mail-Adresse',

  'notMe.title': 'Warst das nicht du?',
  'notMe.intro':
    'Alle, die bei deinem Konto angemeldet sind, werden abgemeldet. Deine Adresse wird wieder die frühere, was seitdem hinzugekommen ist, wird entfernt, und entfernte zweite Faktoren kommen zurück.',
  'notMe.hint':
    'Danach gilt kein Passwort mehr, bis du ein neues wählst: Dafür senden wir dir einen Link. Haben mehrere E‑Mails von etwas berichtet, das du nicht getan hast, nimm die früheste.',
  'notMe.submit': 'Das war ich nicht',
  'notMe.done.title': 'Dein Konto ist wieder wie zuvor',
  'notMe.done.text':
    'Alle sind abgemeldet. Öffne die E‑Mail, die wir dir gerade gesendet haben, und wähle ein neues Passwort.',

  'keep.title': 'Zweite Faktoren behalten',
  'keep.intro':
    'Jemand möchte, dass deine Authenticator-App, deine Passkeys und deine Wiederherstellungscodes entfernt werden. Hast du sie noch, dann behalte sie.',
  'keep.submit': 'Meine zweiten Faktoren behalten',
  'keep.done.title': 'Deine zweiten Faktoren bleiben',
  'keep.done.text':
    'Du kannst diese Seite schließen. Kam die Anfrage nicht von dir, wähle ein neues Passwort: Vielleicht kennt jemand das alte.',

  'invited.title': 'Admin‑Rechte annehmen',
  'invited.intro':
    'Der Betreiber dieses Dienstes lädt dich ein. Wähle das Passwort deines Kontos; alle, die dort angemeldet sind, werden abgemeldet.',
  'invited.submit': 'Passwort setzen und annehmen',
  'invited.done.title': 'Du hast jetzt Admin‑Rechte',
  'invited.done.text': 'Du kannst diese Seite schließen und dich mit dem neuen Passwort anmelden.',

  'code.intro': 'Gib deine Adresse und den Code aus unserer E‑Mail ein.',
  'code.hint': 'Acht Ziffern',
  'code.invalid': 'Der Code hat acht Ziffern.',
  'code.use': 'Stattdessen den Code aus der E‑Mail verwenden',
  'code.resend': 'Neue E‑Mail senden',
  'code.resent': 'Wenn ein Konto darauf wartet, ist eine neue E‑Mail unterwegs. Das kann eine Minute dauern.',

  'problem.link':
    'Dieser Link gilt nicht mehr: Er wurde schon benutzt oder ist zu alt. Du kannst den Code verwenden oder eine neue E‑Mail anfordern.',
  'problem.link.final':
    'Dieser Link gilt nicht mehr: Er wurde schon benutzt oder ist zu alt. Du kannst den Code versuchen oder die Änderung neu beginnen.',
  'problem.link.alone':
    'Dieser Link gilt nicht oder nicht mehr: Er wurde schon benutzt, eine neuere E‑Mail hat ihn ersetzt, oder er ist zu alt. Brauchst du Hilfe, wende dich an die Betreiber dieses Dienstes.',
  'problem.code': 'Dieser Code passt nicht zur Adresse, wurde schon benutzt oder ist zu alt.',
}
