/**
 * What a text may quote. Every value is a single clean line: `render.ts` strips control characters and bounds the
 * length first.
 */
export interface TextFacts {
  product: string
  /** How long link and code live, in words of the language: "1 hour"; empty for a mail without them. */
  duration: string
  /** An address, masked by the caller. */
  email: string
  /** A second factor in words of the language: "authenticator app". */
  factor: string
  /** The provider and the account there that a mail is about: "Microsoft (ada@example.com)"; empty for none. */
  signIn: string
  /** Sign-ins that were removed with what the mail is about; empty for none. */
  dropped: string
  /** Sign-ins that go on to work; empty for none. */
  kept: string
  /** An earlier sign-up with this address was never confirmed. */
  isUnconfirmed: boolean
}

/** One mail in words, from which both the text and the HTML part are made. */
export interface MailText {
  /** Quotes nothing but the product name: a subject shows on locked screens, and is a header. */
  subject: string
  heading: string
  /** What happened or what to do; the facts, the button and the code follow. */
  paragraphs: readonly string[]
  /** Label of the button; null for a mail that leads nowhere. */
  action: string | null
  /** How long it works, and what to do if it was not you. */
  closing: readonly string[]
  /** Why this person gets this mail. */
  reason: string
}

/** Everything a language must say; an object of this type with a missing key does not compile. */
export interface MailTexts<Kind extends string = string> {
  mails: Readonly<Record<Kind, (facts: TextFacts) => MailText>>
  /** Over the bare link below the button. */
  linkHint: string
  /** Over the code of a mail that also has a link. */
  codeHint: string
  /** Over the code of a mail that has no link. */
  codeLabel: string
  labels: Readonly<Record<FactLabel, string>>
  /** The words around the names in "Firefox on Linux". */
  deviceWords: Readonly<Record<DeviceWord, string>>
  /** Names of the factors this service knows; any other is quoted as it came. */
  factors: Readonly<Record<string, string>>
}

/** What is said where a device or its program is not known. */
export const DEVICE_WORDS = ['on', 'Unknown device', 'Unknown program'] as const
export type DeviceWord = (typeof DEVICE_WORDS)[number]

/** Facts shown as a small table, in this order. */
export const FACT_LABELS = ['signIn', 'dropped', 'kept', 'time', 'device', 'location'] as const
export type FactLabel = (typeof FACT_LABELS)[number]
