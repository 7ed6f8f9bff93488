import { useState } from 'preact/hooks'
import { WEBHOOK_EVENTS } from '../../../domain/webhook-events.ts'
import { client } from '../../parts/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Form, Submit, useWork, type Values } from '../../parts/form.tsx'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/operations/index.ts'
import { announce } from '../parts/announce.tsx'
import { Check } from '../parts/inputs.tsx'
import { Secret } from './secret.tsx'

/** Asks for an endpoint and its events, and then shows its secret once. */
export function NewWebhook({ onDone, onClose }: { onDone(): void; onClose(): void }) {
  const work = useWork()
  const [events, setEvents] = useState<readonly (typeof WEBHOOK_EVENTS)[number][]>([])
  const [secret, setSecret] = useState<string | null>(null)
  const create = async ({ url = '' }: Values) => {
    if (events.length === 0) return work.say({ text: text('hooks.missing'), fields: {} })
    const answer = await client.request('POST /webhooks', { body: { url: url.trim(), events } })
    announce(text('hooks.added'))
    onDone()
    setSecret(answer.secret)
  }
  if (secret !== null) return <Secret secret={secret} onClose={onClose} />
  return (
    <Dialog title={text('hooks.add')} onClose={onClose}>
      <Form work={work} onSubmit={create}>
        <Field name="url" label={text('hooks.url')} work={work} autocomplete="off" hasFocus />
        <fieldset>
          <legend>{text('hooks.events')}</legend>
          <Check
            isOn={events.length === WEBHOOK_EVENTS.length}
            onChange={(isOn) => setEvents(isOn ? WEBHOOK_EVENTS : [])}
          >
            {text('hooks.all')}
          </Check>
          <div class="scroll checks">
            {WEBHOOK_EVENTS.map((type) => (
              <Check
                key={type}
                isOn={events.includes(type)}
                onChange={(isOn) => setEvents(isOn ? [...events, type] : events.filter((other) => other !== type))}
              >
                <span class="mono">{type}</span>
              </Check>
            ))}
          </div>
        </fieldset>
        <Submit work={work}>{text('hooks.create')}</Submit>
        <button class="quiet" type="button" onClick={onClose}>
          {common('cancel')}
        </button>
      </Form>
    </Dialog>
  )
}
