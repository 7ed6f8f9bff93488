import type { TextKey } from '../texts/en.ts'
import { translate } from '../texts/translate.ts'
import type { Problem } from './api.ts'
import { byId, show } from './dom.ts'

export const FIELD_NAMES = ['email', 'code', 'password'] as const
export type FieldName = (typeof FIELD_NAMES)[number]

const isFilled: Readonly<Record<FieldName, (value: string) => boolean>> = {
  email: (value) => /^[^\s@]+@[^\s@]+$/.test(value),
  code: (value) => /^\d{8}$/.test(value),
  password: (value) => value !== '',
}

/** Finds the input of a field, if this page has it and asks for it now. */
function activeInput(name: FieldName): HTMLInputElement | null {
  const input = document.getElementById(name)
  return input instanceof HTMLInputElement && !input.matches(':disabled') ? input : null
}

/**
 * Reads what was typed: an address without stray blanks, a code without the gaps that people copy with it, and a
 * password as it is.
 */
function typedValue(name: FieldName, input: HTMLInputElement): string {
  if (name === 'email') return input.value.trim()
  return name === 'code' ? input.value.replace(/[\s-]/g, '') : input.value
}

/** Marks a field as wrong and says why, or clears it. */
function markField(name: FieldName, message: string | null): void {
  const input = activeInput(name)
  if (input === null) return
  const error = byId(`${name}-error`, HTMLElement)
  error.textContent = message ?? ''
  show(error, message !== null)
  input.setAttribute('aria-invalid', String(message !== null))
}

/** Marks the fields that a refusal names, and moves to the first of them. */
export function markWrongFields({ errors }: Problem): void {
  for (const name of FIELD_NAMES)
    markField(name, errors.find(({ path }) => path.split('.').at(-1) === name)?.message ?? null)
  focusFirstWrongField()
}

function focusFirstWrongField(): void {
  document.querySelector<HTMLInputElement>('input[aria-invalid=true]:enabled')?.focus()
}

/** Reads the values of the fields that are asked for. Where one is missing, it marks the field and answers null. */
export function readFields(names: readonly FieldName[] = FIELD_NAMES): Record<string, string> | null {
  const values: Record<string, string> = {}
  let complete = true
  for (const name of names) {
    const input = activeInput(name)
    if (input === null) continue
    values[name] = typedValue(name, input)
    const ok = isFilled[name](typedValue(name, input))
    const key: TextKey = `field.${name}.invalid`
    markField(name, ok ? null : translate(key))
    complete &&= ok
  }
  if (!complete) focusFirstWrongField()
  return complete ? values : null
}

/** Lets a person look at the password being typed. */
export function enablePasswordReveal(): void {
  const toggle = document.getElementById('password-reveal')
  const input = document.getElementById('password')
  if (!(toggle instanceof HTMLButtonElement && input instanceof HTMLInputElement)) return
  toggle.addEventListener('click', () => {
    const reveal = input.type === 'password'
    input.type = reveal ? 'text' : 'password'
    toggle.setAttribute('aria-pressed', String(reveal))
    toggle.textContent = translate(reveal ? 'field.password.hide' : 'field.password.show')
  })
}
