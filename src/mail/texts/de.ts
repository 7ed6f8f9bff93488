import type { MailTexts } from './mail-texts.ts'

const OWNER = (product: string): string =>
  `Du bekommst diese E-Mail, weil diese Adresse zu einem Konto bei ${product} gehört.`

/** German; addresses people as "du" throughout. */
export const de: MailTexts = {
  linkHint: 'Falls die Schaltfläche nicht funktioniert, öffne diese Adresse im Browser:',
  codeHint: 'Oder gib diesen Code auf derselben Seite ein, zum Beispiel auf einem anderen Gerät:',
  codeLabel: 'Dein Code:',
  deviceWords: { on: 'auf', 'Unknown device': 'Unbekanntes Gerät', 'Unknown program': 'Unbekanntes Programm' },
  labels: { time: 'Zeit', device: 'Gerät', location: 'Ort' },
  factors: {
    totp: 'Authenticator-App',
    passkey: 'Passkey',
    recovery_code: 'Wiederherstellungscodes',
    recovery_codes: 'Wiederherstellungscodes',
    email: 'Code per E-Mail',
  },
  mails: {
    verify_email: ({ product, duration }) => ({
      subject: `Bestätige deine E-Mail-Adresse für ${product}`,
      heading: 'Bestätige deine E-Mail-Adresse',
      paragraphs: [`Willkommen bei ${product}! Nur ein Schritt fehlt noch: Bestätige, dass diese Adresse dir gehört.`],
      action: 'Adresse bestätigen',
      closing: [
        `Link und Code lassen sich einmal verwenden und sind ${duration} gültig.`,
        'Du hast dich nicht registriert? Dann ignoriere diese E-Mail: Ohne deine Bestätigung kann niemand das Konto nutzen.',
      ],
      reason: `Du bekommst diese E-Mail, weil sich jemand mit dieser Adresse bei ${product} registriert hat.`,
    }),
    already_registered: ({ product, duration }) => ({
      subject: `Du hast schon ein Konto bei ${product}`,
      heading: 'Du hast schon ein Konto',
      paragraphs: [
        `Jemand, wahrscheinlich du, wollte diese Adresse für ein Konto bei ${product} verwenden. Zu ihr gibt es schon eines; es wurde nichts angelegt und nichts geändert.`,
        'Melde dich wie gewohnt an. Wenn du dein Passwort nicht mehr weißt, kannst du ein neues festlegen.',
      ],
      action: 'Neues Passwort festlegen',
      closing: [
        ...(duration === '' ? [] : [`Link und Code lassen sich einmal verwenden und sind ${duration} gültig.`]),
        'Das warst nicht du? Dann musst du nichts tun: Niemand hat Zugang zu deinem Konto bekommen.',
      ],
      reason: OWNER(product),
    }),
    reset_password: ({ product, duration }) => ({
      subject: `Lege ein neues Passwort für ${product} fest`,
      heading: 'Lege ein neues Passwort fest',
      paragraphs: [`Für dein Konto bei ${product} wurde ein neues Passwort angefordert. Hier kannst du es festlegen.`],
      action: 'Neues Passwort wählen',
      closing: [
        `Link und Code lassen sich einmal verwenden und sind ${duration} gültig. Mit dem neuen Passwort wirst du auf allen Geräten abgemeldet.`,
        'Das warst nicht du? Dann ignoriere diese E-Mail: Dein Passwort bleibt, wie es ist.',
      ],
      reason: OWNER(product),
    }),
    password_changed: ({ product }) => ({
      subject: `Dein Passwort für ${product} wurde geändert`,
      heading: 'Dein Passwort wurde geändert',
      paragraphs: [
        `Das Passwort deines Kontos bei ${product} wurde gerade geändert. Deine anderen Geräte wurden dabei abgemeldet.`,
      ],
      action: 'Neues Passwort festlegen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        'Das warst nicht du? Dann lege sofort über „Passwort vergessen“ auf der Anmeldeseite ein neues fest und prüfe deine Sitzungen und zweiten Faktoren.',
      ],
      reason: OWNER(product),
    }),
    confirm_email_change: ({ product, duration }) => ({
      subject: `Bestätige deine neue E-Mail-Adresse für ${product}`,
      heading: 'Bestätige deine neue E-Mail-Adresse',
      paragraphs: [
        `Du möchtest diese Adresse für dein Konto bei ${product} verwenden. Sie gilt, sobald du sie bestätigt hast.`,
      ],
      action: 'Neue Adresse bestätigen',
      closing: [
        `Link und Code lassen sich einmal verwenden und sind ${duration} gültig.`,
        'Das warst nicht du? Dann ignoriere diese E-Mail: Ohne deine Bestätigung ändert sich nichts.',
      ],
      reason: `Du bekommst diese E-Mail, weil jemand diese Adresse als neue Adresse eines Kontos bei ${product} angegeben hat.`,
    }),
    email_changed: ({ product, email }) => ({
      subject: `Deine E-Mail-Adresse für ${product} wurde geändert`,
      heading: 'Deine E-Mail-Adresse wurde geändert',
      paragraphs: [
        `Dein Konto bei ${product} verwendet jetzt ${email || 'eine andere Adresse'}. Melde dich ab sofort mit ihr an. An diese Adresse schreiben wir dir hiermit zum letzten Mal.`,
      ],
      action: 'Mein Konto schützen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        `Das warst nicht du? Dann hat vielleicht jemand anderes Zugang zu deinem Konto: Wende dich sofort an das Team von ${product}.`,
      ],
      reason: `Du bekommst diese E-Mail, weil diese Adresse bis jetzt zu einem Konto bei ${product} gehört hat.`,
    }),
    one_time_code: ({ product, duration }) => ({
      subject: `Dein Einmalcode für ${product}`,
      heading: 'Dein Einmalcode',
      paragraphs: [`Gib diesen Code dort ein, wo ${product} danach fragt.`],
      action: `${product} öffnen`,
      closing: [
        `Der Code lässt sich einmal verwenden und ist ${duration} gültig. Gib ihn niemandem weiter: Wir fragen nie am Telefon, im Chat oder per E-Mail danach.`,
        'Das warst nicht du? Dann kennt jemand dein Passwort: Lege bald ein neues fest.',
      ],
      reason: OWNER(product),
    }),
    new_device: ({ product }) => ({
      subject: `Neue Anmeldung bei ${product}`,
      heading: 'Neue Anmeldung in deinem Konto',
      paragraphs: [
        `In deinem Konto bei ${product} hat sich jemand von einem Gerät angemeldet, das wir noch nicht kennen.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        'Das warst nicht du? Dann lege sofort ein neues Passwort fest und prüfe deine zweiten Faktoren. Mit dem neuen Passwort wird das fremde Gerät abgemeldet.',
      ],
      reason: OWNER(product),
    }),
    factor_added: ({ product, factor }) => ({
      subject: `Neue Anmeldemethode für dein Konto bei ${product}`,
      heading: 'Eine Anmeldemethode ist hinzugekommen',
      paragraphs: [`Für dein Konto bei ${product} gilt ab sofort diese Anmeldemethode: ${factor}.`],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        'Das warst nicht du? Dann entferne sie in deinen Kontoeinstellungen und lege sofort ein neues Passwort fest.',
      ],
      reason: OWNER(product),
    }),
    factor_removed: ({ product, factor }) => ({
      subject: `Eine Anmeldemethode deines Kontos bei ${product} wurde entfernt`,
      heading: 'Eine Anmeldemethode wurde entfernt',
      paragraphs: [`Für dein Konto bei ${product} gilt diese Anmeldemethode nicht mehr: ${factor}.`],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        'Das warst nicht du? Dann lege sofort ein neues Passwort fest und richte die Methode in deinen Kontoeinstellungen neu ein.',
      ],
      reason: OWNER(product),
    }),
    account_deactivated: ({ product }) => ({
      subject: `Dein Konto bei ${product} wurde deaktiviert`,
      heading: 'Dein Konto wurde deaktiviert',
      paragraphs: [
        `Dein Konto bei ${product} wurde deaktiviert. Du bist auf allen Geräten abgemeldet und kannst dich vorerst nicht anmelden.`,
      ],
      action: `${product} öffnen`,
      closing: [`Du hältst das für ein Versehen? Dann wende dich an das Team von ${product}.`],
      reason: OWNER(product),
    }),
    account_deleted: ({ product }) => ({
      subject: `Dein Konto bei ${product} wurde gelöscht`,
      heading: 'Dein Konto wurde gelöscht',
      paragraphs: [
        `Dein Konto bei ${product} und die zugehörigen Daten wurden gelöscht. Das lässt sich nicht rückgängig machen. Du bist auf allen Geräten abgemeldet.`,
      ],
      action: `${product} öffnen`,
      closing: [`Das warst nicht du? Dann wende dich sofort an das Team von ${product}.`],
      reason: `Du bekommst diese letzte E-Mail, weil diese Adresse bis jetzt zu einem Konto bei ${product} gehört hat.`,
    }),
  },
}
