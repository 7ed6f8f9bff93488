import type { ComponentChildren } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'

interface ChoiceProps {
  label: string
  value: string
  /** The values with what stands for them; the first is the one for "any". */
  options: readonly (readonly [value: string, label: string])[]
  onChange(value: string): void
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}

const TYPING_PAUSE_MS = 250

interface SearchProps {
  label: string
  value: string
  placeholder?: string
  /** The texts that can be chosen, where they are known. */
  suggestions?: readonly string[]
  onChange(value: string): void
}

/** A field that tells what was typed when the reader pauses. */
export function Search({ label, value, placeholder, suggestions, onChange }: SearchProps) {
  const id = useId()
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed.trim() === value) return
    const timer = setTimeout(() => onChange(typed.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder={placeholder}
        list={suggestions === undefined ? undefined : `${id}-list`}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      {suggestions !== undefined && (
        <datalist id={`${id}-list`}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </div>
  )
}

/** A day of the reader's calendar, for a moment of the API: its first one. */
export function Day({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} type="date" value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)} />
    </div>
  )
}

interface CheckProps {
  isOn: boolean
  isDisabled?: boolean
  onChange(isOn: boolean): void
  children: ComponentChildren
}

export function Check({ isOn, isDisabled = false, onChange, children }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isOn}
        disabled={isDisabled}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  )
}
