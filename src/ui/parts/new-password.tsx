import { common } from '../texts/common/index.ts'
import { Field, type Work } from './form.tsx'

interface NewPasswordProps {
  work: Work
  name?: string
  label?: string
}

/** The field in which a person, or their password manager, chooses a password. */
export function NewPassword({ work, name = 'password', label = common('password.new') }: NewPasswordProps) {
  return (
    <Field
      name={name}
      label={label}
      hint={common('password.hint')}
      work={work}
      type="password"
      autocomplete="new-password"
      passwordRules="minlength: 20;"
      complaint={common('password.invalid')}
    />
  )
}
