import { PosternError } from 'postern/client'

interface Field {
  name: string
  label: string
  type: 'email' | 'password' | 'text'
  autocomplete: AutoFill
}

export const EMAIL: Field = { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username' }
export const PASSWORD: Field = {
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'current-password',
}
export const NEW_PASSWORD: Field = { ...PASSWORD, label: 'New password', autocomplete: 'new-password' }

interface Question {
  title: string
  fields: Field[]
  button: string
  /** Sends what was typed. It resolves to what is said then, or to null where another page is shown. */
  send(values: Record<string, string>): Promise<string | null>
}

const page = document.getElementById('page') as HTMLElement

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children)
  return element
}

export function show(title: string, ...content: Node[]): void {
  document.title = title
  page.replaceChildren(make('h1', {}, title), ...content)
}

/** Shows a form. A refusal is said above the button, and leaves what was typed. */
export function ask({ title, fields, button, send }: Question): void {
  const problem = make('p', { role: 'alert' })
  const inputs = fields.map(({ label, ...field }) =>
    make('p', {}, make('label', {}, `${label} `, make('input', { ...field, required: true }))),
  )
  const submit = make('button', { type: 'submit' }, button)
  const form = make('form', {}, ...inputs, problem, submit)
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    submit.disabled = true
    problem.textContent = ''
    try {
      const answer = await send(Object.fromEntries(new FormData(form)) as Record<string, string>)
      if (answer !== null) show(title, make('p', { role: 'status' }, answer))
    } catch (error) {
      if (!(error instanceof PosternError)) throw error
      problem.textContent = [error.message, ...error.errors.map(({ message }) => message)].join(' ')
    } finally {
      submit.disabled = false
    }
  })
  show(title, form)
}
