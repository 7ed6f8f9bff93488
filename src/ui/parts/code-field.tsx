import { Field, type Values, type Work } from './form.tsx'

interface CodeFieldProps {
  work: Work
  label: string
  hint?: string
  /** It is a recovery code, which has letters too. */
  hasLetters?: boolean
  /** So many digits it has, where that is known, and what is said where it has not. */
  digits?: number
  complaint?: string
  hasFocus?: boolean
}

/** The field for a code from a mail, from an app, or from the list of recovery codes. */
export function CodeField({ hasLetters = false, digits, ...given }: CodeFieldProps) {
  return (
    <Field
      name="code"
      autocomplete="one-time-code"
      {...(hasLetters ? {} : { inputMode: 'numeric' })}
      {...(digits === undefined ? {} : { pattern: `[\\s\\-]*(\\d[\\s\\-]*){${digits}}` })}
      {...given}
    />
  )
}

/** Reads the code that was typed, without the gaps that people copy with it. */
export const readCode = ({ code = '' }: Values): string => code.replace(/[\s-]/g, '')
