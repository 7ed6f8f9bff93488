/**
 * The facts that a text may quote. Every value is a single clean line, because `render.ts` first strips control
 * characters and bounds the length.
 */
export interface TextFacts {
  product: string
  /** How long link and code live, in words of the language ("1 hour"); empty for a mail without them. */
  duration: string
  /** An address that the caller has masked. */
  email: string
  /** A second factor in words of the language, such as "authenticator app". */
  factor: string
  /** The number of recovery codes that are left. */
  left: string
  /**
   * The provider, and the account there, that a mail is about, such as "Microsoft (ada@example.com)"; empty for none.
   */
  signIn: string
  /** The sign-ins that were removed by what the mail is about; empty for none. */
  dropped: string
  /** The sign-ins that continue to work; empty for none. */
  kept: string
  /** The names of the roles that somebody has. */
  roles: string
  /** It is true where an earlier sign-up with this address was never confirmed. */
  isUnconfirmed: boolean
}

/** One mail in words, from which both the text and the HTML part are made. */
export interface MailText {
  /** The subject. It quotes nothing but the product name, because it shows on locked screens and is a header. */
  subject: string
  heading: string
  /** They say what happened or what to do. The facts, the button and the code follow them. */
  paragraphs: readonly string[]
  /** The label of the button; null for a mail that leads nowhere. */
  action: string | null
  /** They say how long link and code work, and what to do if it was not you. */
  closing: readonly string[]
  /** It says why this person gets this mail. */
  reason: string
}

/** All texts that a language must have. An object of this type with a missing key does not compile. */
export interface MailTexts<Kind extends string = string> {
  mails: Readonly<Record<Kind, (facts: TextFacts) => MailText>>
  /** The words over the bare link below the button. */
  linkHint: string
  /** The words over the code of a mail that also has a link. */
  codeHint: string
  /** The words over the code of a mail that has no link. */
  codeLabel: string
  labels: Readonly<Record<FactLabel, string>>
  /** The words around the names in "Firefox on Linux". */
  deviceWords: Readonly<Record<DeviceWord, string>>
  /** The names of the factors that this service knows; any other is quoted as it came. */
  factors: Readonly<Record<string, string>>
}

/** The English words of a device's name, and those for a device or a program that is not known. */
export const DEVICE_WORDS = ['on', 'Unknown device', 'Unknown program'] as const
export type DeviceWord = (typeof DEVICE_WORDS)[number]

/** The facts that are shown as a small table, in this order. */
export const FACT_LABELS = ['signIn', 'dropped', 'kept', 'time', 'device', 'location'] as const
export type FactLabel = (typeof FACT_LABELS)[number]
