import { useState } from 'preact/hooks'
import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/operations/index.ts'
import { addressOf, go } from '../parts/address.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Page, Panel } from '../parts/page.tsx'
import { Badge, Facts, Time } from '../parts/show.tsx'
import { Deliveries } from './deliveries.tsx'
import { Secret } from './secret.tsx'

export type Webhook = Answer<'GET /webhooks'>['items'][number]

interface WebhookPageProps {
  /** Null where there is none, or no longer. */
  webhook: Webhook | null
  address: URLSearchParams
  mayWrite: boolean
  onChange(): void
}

/** One endpoint, and what was sent to it. */
export function WebhookPage({ webhook, address, mayWrite, onChange }: WebhookPageProps) {
  const back = (
    <a class="small" href={addressOf({ section: 'webhooks' })}>
      {text('hooks.back')}
    </a>
  )
  if (webhook === null)
    return (
      <Page title={text('hooks.gone')} actions={back}>
        {null}
      </Page>
    )
  const { id, url, events, status, createdAt } = webhook
  return (
    <Page title={url} actions={back}>
      <Panel title={text('hooks.state')}>
        <Facts
          facts={[
            [
              text('hooks.state'),
              <Badge key="state" kind={status === 'active' ? 'good' : 'plain'}>
                {text(`hooks.state.${status}`)}
              </Badge>,
            ],
            [text('hooks.created'), <Time key="created" at={createdAt} />],
            [text('hooks.events'), events.join(', ')],
          ]}
        />
        {mayWrite && <Actions webhook={webhook} onChange={onChange} />}
      </Panel>
      <Deliveries id={id} address={address} />
    </Page>
  )
}

function Actions({ webhook: { id, url, status }, onChange }: { webhook: Webhook; onChange(): void }) {
  const work = useWork()
  const [asking, setAsking] = useState<'secret' | 'delete' | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const close = () => setAsking(null)
  const setStatus = async (next: Webhook['status']) => {
    await client.request('PATCH /webhooks/{id}', { path: { id }, body: { status: next } })
    onChange()
  }
  const toggle = async () => {
    const isActive = status === 'active'
    await setStatus(isActive ? 'disabled' : 'active')
    announce(text(isActive ? 'hooks.disabled' : 'hooks.enabled'), () => setStatus(status))
  }
  const replace = async () => setSecret((await client.request('POST /webhooks/{id}/secret', { path: { id } })).secret)
  const remove = async () => {
    await client.request('DELETE /webhooks/{id}', { path: { id } })
    announce(text('hooks.deleted'))
    onChange()
    go({ section: 'webhooks' }, { replaces: true })
  }
  return (
    <div class="row">
      <Problem trouble={work.trouble} />
      <Action class="small" work={work} onPress={toggle}>
        {text(status === 'active' ? 'hooks.disable' : 'hooks.enable')}
      </Action>
      <button class="small" type="button" onClick={() => setAsking('secret')}>
        {text('hooks.secret.replace')}
      </button>
      <button class="small grave" type="button" onClick={() => setAsking('delete')}>
        {text('hooks.delete')}
      </button>
      {asking === 'secret' && (
        <Confirm
          title={text('hooks.secret.replace.title')}
          lead={text('hooks.secret.replace.lead')}
          action={text('hooks.secret.replace.submit')}
          onConfirm={replace}
          onClose={close}
        />
      )}
      {asking === 'delete' && (
        <Confirm
          title={text('hooks.delete.title')}
          lead={text('hooks.delete.lead')}
          action={text('hooks.delete.submit')}
          typed={new URL(url).host}
          onConfirm={remove}
          onClose={close}
        />
      )}
      {secret !== null && <Secret secret={secret} onClose={() => setSecret(null)} />}
    </div>
  )
}
