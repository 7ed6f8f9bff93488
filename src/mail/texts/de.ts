import type { MailKind } from '../message.ts'
import type { MailTexts } from './mail-texts.ts'

const OWNER = (product: string): string =>
  `Du bekommst diese E-Mail, weil diese Adresse zu einem Konto bei ${product} gehört.`

/** What to do about a notice, which has a link to undo what it tells of unless `duration` is empty. */
const IF_NOT_YOU = (duration: string, otherwise: string): string[] => [
  'Das warst du? Dann musst du nichts tun.',
  ...(duration === ''
    ? [otherwise]
    : [
        `Das warst nicht du? Dann drücke die Schaltfläche, sie funktioniert ${duration} lang. Damit werden alle abgemeldet und alle Änderungen seitdem rückgängig gemacht, und du bekommst einen Link für ein neues Passwort.`,
        'Hast du mehrere solche E-Mails bekommen? Dann nimm die früheste über etwas, das du nicht getan hast: Sie macht auch alles rückgängig, was danach kam.',
      ]),
]
const CHECK_OR_UNDO = (duration: string): string => (duration === '' ? 'Mein Konto prüfen' : 'Das war ich nicht')

/** The German texts, which address people as "du" throughout. */
export const de: MailTexts<MailKind> = {
  linkHint: 'Falls die Schaltfläche nicht funktioniert, öffne diese Adresse im Browser:',
  codeHint: 'Oder gib diesen Code auf derselben Seite ein, zum Beispiel auf einem anderen Gerät:',
  codeLabel: 'Dein Code:',
  deviceWords: { on: 'auf', 'Unknown device': 'Unbekanntes Gerät', 'Unknown program': 'Unbekanntes Programm' },
  labels: {
    signIn: 'Anmeldung mit',
    dropped: 'Entfernt',
    kept: 'Gilt weiterhin',
    time: 'Zeit',
    device: 'Gerät',
    location: 'Ort',
  },
  factors: {
    totp: 'Authenticator-App',
    passkey: 'Passkey',
    recovery_code: 'Wiederherstellungscodes',
    recovery_codes: 'Wiederherstellungscodes',
    email: 'Code per E-Mail',
  },
  mails: {
    verify_email: ({ product, duration, signIn }) => ({
      subject: `Bestätige deine E-Mail-Adresse für ${product}`,
      heading: 'Bestätige deine E-Mail-Adresse',
      paragraphs: [
        signIn === ''
          ? `Willkommen bei ${product}! Nur ein Schritt fehlt noch: Bestätige, dass diese Adresse dir gehört und dass du dich registriert hast.`
          : `Jemand hat sich mit dem unten genannten Konto und dieser Adresse bei ${product} angemeldet. Bestätige nur, wenn es deines ist: Es öffnet danach dein Konto bei ${product}.`,
      ],
      action: 'Adresse bestätigen',
      closing: [
        `Link und Code lassen sich einmal verwenden und sind ${duration} gültig.`,
        signIn === ''
          ? 'Du hast dich nicht registriert? Dann ignoriere diese E-Mail: Wer es war, hat ein Passwort gewählt und kann das Konto ohne deine Bestätigung nicht nutzen.'
          : 'Das warst nicht du? Dann ignoriere diese E-Mail: Ohne deine Bestätigung kann niemand das Konto nutzen.',
      ],
      reason: `Du bekommst diese E-Mail, weil sich jemand mit dieser Adresse bei ${product} registriert hat.`,
    }),
    already_registered: ({ product, duration, isUnconfirmed }) => ({
      subject: `Du hast schon ein Konto bei ${product}`,
      heading: 'Du hast schon ein Konto',
      paragraphs: isUnconfirmed
        ? [
            `Jemand, wahrscheinlich du, wollte diese Adresse für ein Konto bei ${product} verwenden. Mit ihr hatte sich schon einmal jemand registriert, und niemand hat das bestätigt.`,
            'Damit niemand sonst in dein Konto kommt, gilt kein Passwort mehr, weder das frühere noch das neue, und auch keine andere Anmeldemethode. Lege hier ein Passwort fest, dann gehört das Konto dir.',
          ]
        : [
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
    account_created: ({ product }) => ({
      subject: `Dein Konto bei ${product} wurde angelegt`,
      heading: 'Dein Konto wurde angelegt',
      paragraphs: [
        `Jemand, wahrscheinlich du, hat sich mit dem unten genannten Konto bei ${product} angemeldet. Dabei ist mit deiner Adresse ein Konto bei ${product} entstanden.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        'Das warst nicht du? Dann lege über „Passwort vergessen“ auf der Anmeldeseite ein Passwort fest. Damit werden alle abgemeldet und Anmeldemethoden entfernt, die niemand als deine nachgewiesen hat.',
      ],
      reason: OWNER(product),
    }),
    account_claimed: ({ product, duration }) => ({
      subject: `Dein Konto bei ${product} wurde bestätigt`,
      heading: 'Dein Konto wurde bestätigt',
      paragraphs: [
        `Jemand, wahrscheinlich du, hat sich mit dem unten genannten Konto bei ${product} angemeldet und damit deine Adresse bestätigt.`,
        'Was das Konto bisher geöffnet hat, könnte jemand anderes eingerichtet haben und wurde deshalb entfernt: das Passwort, falls es eines gab, und andere Anmeldemethoden. Alle anderen Geräte wurden abgemeldet. Was du noch brauchst, kannst du in deinen Kontoeinstellungen neu hinzufügen.',
      ],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'Das warst nicht du? Dann lege über „Passwort vergessen“ auf der Anmeldeseite ein Passwort fest. Damit werden alle abgemeldet und Anmeldemethoden entfernt, die niemand als deine nachgewiesen hat.',
      ),
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
    password_changed: ({ product, dropped, kept, duration }) => ({
      subject: `Dein Passwort für ${product} wurde geändert`,
      heading: 'Dein Passwort wurde geändert',
      paragraphs: [
        `Das Passwort deines Kontos bei ${product} wurde gerade geändert. Deine anderen Geräte wurden dabei abgemeldet.`,
        ...(dropped === ''
          ? []
          : [
              'Anmeldemethoden, die niemand als deine nachgewiesen hatte, wurden entfernt. Gehört dir eine davon, füge sie in deinen Kontoeinstellungen neu hinzu.',
            ]),
        ...(kept === ''
          ? []
          : ['Andere Anmeldemethoden gelten weiterhin. Entferne in deinen Kontoeinstellungen, was nicht dir gehört.']),
      ],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'Das warst nicht du? Dann lege sofort über „Passwort vergessen“ auf der Anmeldeseite ein neues fest und prüfe deine Sitzungen und zweiten Faktoren.',
      ),
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
    email_changed: ({ product, email, duration }) => ({
      subject: `Deine E-Mail-Adresse für ${product} wurde geändert`,
      heading: 'Deine E-Mail-Adresse wurde geändert',
      paragraphs: [
        `Dein Konto bei ${product} verwendet jetzt ${email || 'eine andere Adresse'}. Melde dich ab sofort mit ihr an. An diese Adresse schreiben wir dir hiermit zum letzten Mal.`,
      ],
      action: duration === '' ? null : 'Das war ich nicht',
      closing: IF_NOT_YOU(
        duration,
        `Das warst nicht du? Dann hat vielleicht jemand anderes Zugang zu deinem Konto: Wende dich sofort an das Team von ${product}.`,
      ),
      reason: `Du bekommst diese E-Mail, weil diese Adresse bis jetzt zu einem Konto bei ${product} gehört hat.`,
    }),
    new_email_in_use: ({ product }) => ({
      subject: `Deine neue E-Mail-Adresse für ${product}`,
      heading: 'Deine neue Adresse gilt',
      paragraphs: [
        `Dein Konto bei ${product} verwendet jetzt diese Adresse. Melde dich ab sofort mit ihr an. Auch deine bisherige Adresse hat davon erfahren; von dort lässt sich das Konto noch einige Tage lang zurückholen.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        `Das warst nicht du? Dann hat jemand anderes diese Adresse bestätigt: Wende dich an das Team von ${product}.`,
      ],
      reason: OWNER(product),
    }),
    address_reserved: ({ product }) => ({
      subject: `Diese Adresse ist bei ${product} noch nicht frei`,
      heading: 'Diese Adresse ist noch nicht frei',
      paragraphs: [
        `Jemand, wahrscheinlich du, wollte diese Adresse für ein Konto bei ${product} verwenden. Bis vor einigen Tagen gehörte sie zu einem anderen Konto, und wem es gehört, kann sie noch zurückholen. Deshalb wurde nichts angelegt und nichts geändert.`,
      ],
      action: null,
      closing: [
        'Das warst du? Dann versuche es in einigen Tagen noch einmal. Gehört das andere Konto dir und hast du seine Adresse nicht geändert, verwende den Link in der E-Mail, die davon berichtet hat.',
        'Das warst nicht du? Dann musst du nichts tun.',
      ],
      reason: `Du bekommst diese E-Mail, weil jemand diese Adresse für ein Konto bei ${product} angegeben hat.`,
    }),
    account_reverted: ({ product, duration }) => ({
      subject: `Änderungen an deinem Konto bei ${product} wurden rückgängig gemacht`,
      heading: 'Änderungen an deinem Konto wurden rückgängig gemacht',
      paragraphs: [
        `Jemand, wahrscheinlich du, hat uns über den Link in einer früheren E-Mail mitgeteilt, dass eine Änderung an deinem Konto bei ${product} nicht von dir kam. Alle wurden abgemeldet, das Konto verwendet diese Adresse, und was seitdem hinzugekommen war, wurde entfernt.`,
        'Kein Passwort gilt mehr, bis du hier ein neues wählst. Prüfe danach deine Kontoeinstellungen und richte neu ein, was fehlt.',
      ],
      action: 'Neues Passwort wählen',
      closing: [
        `Link und Code lassen sich einmal verwenden und sind ${duration} gültig. Über „Passwort vergessen“ auf der Anmeldeseite bekommst du neue.`,
        'Das warst nicht du? Dann liest jemand anderes deine E-Mails: Wähle zuerst für dein Postfach ein neues Passwort und dann hier.',
      ],
      reason: OWNER(product),
    }),
    address_reverted: ({ product }) => ({
      subject: `Diese Adresse gehört zu keinem Konto bei ${product} mehr`,
      heading: 'Eine Änderung der Adresse wurde rückgängig gemacht',
      paragraphs: [
        `Ein Konto bei ${product} hat eine Zeit lang diese Adresse verwendet. Von seiner früheren Adresse kam die Nachricht, dass diese Änderung nicht gewollt war. Das Konto verwendet deshalb wieder die frühere Adresse, und alle wurden abgemeldet.`,
      ],
      action: null,
      closing: [
        'Du hast dieses Konto nie verwendet? Dann musst du nichts tun.',
        `Gehören das Konto und die frühere Adresse dir, melde dich mit der früheren an. Gehört sie dir nicht, wende dich an das Team von ${product}.`,
      ],
      reason: `Du bekommst diese E-Mail, weil diese Adresse bis jetzt zu einem Konto bei ${product} gehört hat.`,
    }),
    one_time_code: ({ product, duration }) => ({
      subject: `Dein Einmalcode für ${product}`,
      heading: 'Dein Einmalcode',
      paragraphs: [`Gib diesen Code dort ein, wo ${product} danach fragt.`],
      action: null,
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
    factor_added: ({ product, factor, duration }) => ({
      subject: `Neue Anmeldemethode für dein Konto bei ${product}`,
      heading: 'Eine Anmeldemethode ist hinzugekommen',
      paragraphs: [`Für dein Konto bei ${product} gilt ab sofort diese Anmeldemethode: ${factor}.`],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'Das warst nicht du? Dann entferne sie in deinen Kontoeinstellungen und lege sofort ein neues Passwort fest.',
      ),
      reason: OWNER(product),
    }),
    factor_removed: ({ product, factor, duration }) => ({
      subject: `Eine Anmeldemethode deines Kontos bei ${product} wurde entfernt`,
      heading: 'Eine Anmeldemethode wurde entfernt',
      paragraphs: [`Für dein Konto bei ${product} gilt diese Anmeldemethode nicht mehr: ${factor}.`],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'Das warst nicht du? Dann lege sofort ein neues Passwort fest und richte die Methode in deinen Kontoeinstellungen neu ein.',
      ),
      reason: OWNER(product),
    }),
    factor_removal_requested: ({ product, duration }) => ({
      subject: `Deine zweiten Faktoren bei ${product} werden entfernt`,
      heading: 'Deine zweiten Faktoren werden entfernt',
      paragraphs: [
        `Jemand, wahrscheinlich du, hat dem Team von ${product} mitgeteilt, dass deine Authenticator-App, deine Passkeys und deine Wiederherstellungscodes verloren sind. Es dauert noch ${duration}, dann werden sie entfernt. Dein Konto öffnet sich dann allein mit deinem Passwort oder über deinen Anbieter.`,
      ],
      action: 'Meine zweiten Faktoren behalten',
      closing: [
        'Das warst du? Dann musst du nur abwarten.',
        'Das warst nicht du? Dann drücke die Schaltfläche oder melde dich mit einem zweiten Faktor an: Beides hält das Entfernen auf. Vielleicht kennt jemand dein Passwort, lege also ein neues fest.',
      ],
      reason: OWNER(product),
    }),
    factors_removed: ({ product, duration }) => ({
      subject: `Deine zweiten Faktoren bei ${product} wurden entfernt`,
      heading: 'Deine zweiten Faktoren wurden entfernt',
      paragraphs: [
        `Die Authenticator-App, die Passkeys und die Wiederherstellungscodes deines Kontos bei ${product} wurden entfernt, wie vor einigen Tagen angekündigt. Alle Geräte wurden abgemeldet. Melde dich mit deinem Passwort oder über deinen Anbieter an und richte einen zweiten Faktor neu ein.`,
      ],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(duration, `Das warst nicht du? Dann wende dich sofort an das Team von ${product}.`),
      reason: OWNER(product),
    }),
    passkey_copied: ({ product, factor }) => ({
      subject: `Prüfe einen Passkey deines Kontos bei ${product}`,
      heading: 'Ein Passkey wurde vielleicht kopiert',
      paragraphs: [
        `Jemand hat sich mit deinem Passkey „${factor}“ bei deinem Konto bei ${product} angemeldet. Der Passkey zählt seine Verwendungen, und diese Zahl ist zurückgegangen: Vielleicht hat jemand eine Kopie davon.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Du hast diesen Passkey aus einer Sicherung wiederhergestellt? Dann musst du nichts tun.',
        'Wenn nicht, entferne ihn in deinen Kontoeinstellungen und füge einen neuen hinzu.',
      ],
      reason: OWNER(product),
    }),
    recovery_code_used: ({ product, left }) => ({
      subject: `Ein Wiederherstellungscode deines Kontos bei ${product} wurde benutzt`,
      heading: 'Ein Wiederherstellungscode wurde benutzt',
      paragraphs: [
        `Jemand, wahrscheinlich du, hat sich bei deinem Konto bei ${product} mit einem der Wiederherstellungscodes ausgewiesen. Dieser Code gilt nicht mehr.`,
        left === '0'
          ? 'Es ist kein Wiederherstellungscode mehr übrig. Erzeuge neue in deinen Kontoeinstellungen.'
          : `Noch gültige Wiederherstellungscodes: ${left}.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du sonst nichts tun.',
        'Das warst nicht du? Dann kennt jemand dein Passwort und deine Wiederherstellungscodes: Lege sofort mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort fest und erzeuge danach neue Wiederherstellungscodes.',
      ],
      reason: OWNER(product),
    }),
    role_granted: ({ product }) => ({
      subject: `Du verwaltest jetzt ${product}`,
      heading: 'Du hast jetzt Administratorrechte',
      paragraphs: [
        `Dein Konto bei ${product} hat jetzt Administratorrechte: Der Betreiber hat deine Adresse dafür benannt, und sie wurde bestätigt.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann musst du nichts tun.',
        'Das warst nicht du? Dann lege sofort über „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort fest und sag dem Betreiber Bescheid.',
      ],
      reason: OWNER(product),
    }),
    roles_changed: ({ product, roles }) => ({
      subject: `Deine Rollen bei ${product} wurden geändert`,
      heading: 'Deine Rollen wurden geändert',
      paragraphs: [
        `Jemand, der ${product} verwaltet, hat geändert, was dein Konto darf. Deine Rollen sind jetzt: ${roles}.`,
      ],
      action: 'Mein Konto prüfen',
      closing: ['Überrascht dich das? Dann wende dich an die Verwaltung.'],
      reason: OWNER(product),
    }),
    profile_changed: ({ product }) => ({
      subject: `Dein Profil bei ${product} wurde geändert`,
      heading: 'Dein Profil wurde geändert',
      paragraphs: [`Jemand, der ${product} verwaltet, hat den Namen oder den Benutzernamen deines Kontos geändert.`],
      action: 'Mein Konto prüfen',
      closing: ['Überrascht dich das? Dann wende dich an die Verwaltung.'],
      reason: OWNER(product),
    }),
    signed_out: ({ product }) => ({
      subject: `Du wurdest bei ${product} abgemeldet`,
      heading: 'Du wurdest überall abgemeldet',
      paragraphs: [
        `Jemand, der ${product} verwaltet, hat dich auf allen Geräten abgemeldet. Du kannst dich wieder anmelden.`,
      ],
      action: 'Mein Konto prüfen',
      closing: ['Überrascht dich das? Dann wende dich an die Verwaltung.'],
      reason: OWNER(product),
    }),
    password_reset_required: ({ product, duration }) => ({
      subject: `Dein Passwort für ${product} muss neu festgelegt werden`,
      heading: 'Lege ein neues Passwort fest',
      paragraphs: [
        `Jemand, der ${product} verwaltet, bittet dich, ein neues Passwort festzulegen. Mit dem bisherigen kann sich niemand mehr anmelden, und du bist auf allen Geräten abgemeldet.`,
      ],
      action: 'Neues Passwort wählen',
      closing: [
        `Link und Code lassen sich einmal verwenden und sind ${duration} gültig. Danach bekommst du über „Passwort vergessen“ auf der Anmeldeseite einen neuen Link.`,
      ],
      reason: OWNER(product),
    }),
    account_reactivated: ({ product }) => ({
      subject: `Dein Konto bei ${product} ist wieder aktiv`,
      heading: 'Dein Konto ist wieder aktiv',
      paragraphs: [
        `Dein Konto bei ${product} war deaktiviert und ist wieder aktiv. Du kannst dich anmelden wie zuvor.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [`Überrascht dich das? Dann wende dich an das Team von ${product}.`],
      reason: OWNER(product),
    }),
    account_deactivated: ({ product }) => ({
      subject: `Dein Konto bei ${product} wurde deaktiviert`,
      heading: 'Dein Konto wurde deaktiviert',
      paragraphs: [
        `Dein Konto bei ${product} wurde deaktiviert. Du bist auf allen Geräten abgemeldet und kannst dich vorerst nicht anmelden.`,
      ],
      action: null,
      closing: [`Du hältst das für ein Versehen? Dann wende dich an das Team von ${product}.`],
      reason: OWNER(product),
    }),
    deletion_scheduled: ({ product, duration }) => ({
      subject: `Dein Konto bei ${product} wird gelöscht`,
      heading: 'Dein Konto wird gelöscht',
      paragraphs: [
        `Jemand, wahrscheinlich du, hat dein Konto bei ${product} gelöscht. Es dauert noch ${duration}, dann ist es mit den zugehörigen Daten weg. Du bist auf allen Geräten abgemeldet.`,
      ],
      action: 'Mein Konto behalten',
      closing: [
        'Das warst du? Dann ist nichts zu tun. Überlegst du es dir anders, melde dich vorher an: So bleibt das Konto erhalten.',
        'Das warst nicht du? Dann lege über „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort fest und melde dich an.',
      ],
      reason: OWNER(product),
    }),
    deletion_stopped: ({ product }) => ({
      subject: `Dein Konto bei ${product} wird nicht gelöscht`,
      heading: 'Dein Konto wird nicht gelöscht',
      paragraphs: [
        `Jemand, vermutlich du, hat sich bei deinem Konto bei ${product} angemeldet, das gelöscht werden sollte. Darum bleibt es erhalten.`,
      ],
      action: 'Mein Konto prüfen',
      closing: [
        'Das warst du? Dann ist nichts zu tun. Willst du das Konto doch löschen, dann lösche es noch einmal.',
        'Das warst nicht du? Dann lege über „Passwort vergessen“ auf der Anmeldeseite sofort ein neues Passwort fest.',
      ],
      reason: OWNER(product),
    }),
    account_deleted: ({ product }) => ({
      subject: `Dein Konto bei ${product} wurde gelöscht`,
      heading: 'Dein Konto wurde gelöscht',
      paragraphs: [
        `Dein Konto bei ${product} und die zugehörigen Daten wurden gelöscht. Das lässt sich nicht rückgängig machen. Du bist auf allen Geräten abgemeldet.`,
      ],
      action: null,
      closing: [`Das warst nicht du? Dann wende dich sofort an das Team von ${product}.`],
      reason: `Du bekommst diese letzte E-Mail, weil diese Adresse bis jetzt zu einem Konto bei ${product} gehört hat.`,
    }),
  },
}
