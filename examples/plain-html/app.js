import { createClient, PosternError } from 'postern/client'

const settingOf = (name) => document.querySelector(`meta[name=${name}]`).content
const byId = (id) => document.getElementById(id)

// The tokens live in the memory of this page, so a reload signs out.
const auth = createClient({ baseUrl: settingOf('auth'), delivery: 'body' })

const say = (text) => {
  byId('news').textContent = text
}

function show(session) {
  byId('signed-out').hidden = session.status !== 'signed_out'
  byId('signed-in').hidden = session.status !== 'signed_in'
  if (session.status === 'signed_in') say(`Signed in as ${session.user.email}.`)
  if (session.status === 'signed_out') say('Signed out.')
}

/** Does what a button is for, and says why it did not work. */
const attempt = (work) => async (event) => {
  event.preventDefault()
  try {
    await work(event)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    say(error.message)
  }
}

byId('signed-out').addEventListener(
  'submit',
  attempt(async ({ target }) => {
    const answer = await auth.login(Object.fromEntries(new FormData(target)))
    if (answer.status === 'signed_in') return target.reset()
    const code = prompt(`Type a code (${answer.methods.join(', ')})`) ?? ''
    await auth.verifyFactor({ ticket: answer.ticket, method: 'totp', code })
  }),
)
byId('sign-out').addEventListener(
  'click',
  attempt(() => auth.logout()),
)
byId('call').addEventListener(
  'click',
  attempt(async () => {
    const headers = { Authorization: `Bearer ${await auth.accessToken()}` }
    const response = await fetch(settingOf('api'), { headers })
    const { hello, code } = await response.json()
    say(response.ok ? `The API knows you as ${hello}.` : `The API refused: ${code}.`)
  }),
)

auth.onSessionChange(show)
show(await auth.getSession())
