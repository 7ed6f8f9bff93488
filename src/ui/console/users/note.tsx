import { useEffect, useId, useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Panel } from '../parts/page.tsx'
import { Time } from '../parts/show.tsx'

const MAX_LENGTH = 1000

export function Note({ id, mayChange }: { id: string; mayChange: boolean }) {
  const field = useId()
  const work = useWork()
  const note = useLoad((signal) => client.request('GET /users/{id}/note', { path: { id }, signal }), [id])
  const [typed, setTyped] = useState('')
  /** When the note was changed that the reader has seen. */
  const [seenAt, setSeenAt] = useState<string | null>(null)
  useEffect(() => {
    setTyped(note.value?.note ?? '')
    setSeenAt(note.value?.changedAt ?? null)
  }, [note.value])
  const save = async () => {
    const now = await client.request('GET /users/{id}/note', { path: { id } })
    if (now.changedAt !== seenAt) {
      setSeenAt(now.changedAt)
      return work.say({ text: text('note.changedMeanwhile', { note: now.note ?? '–' }), fields: {} })
    }
    note.set(await client.request('PUT /users/{id}/note', { path: { id }, body: { note: typed.trim() || null } }))
    announce(text('note.saved'))
  }
  return (
    <Panel title={text('note')}>
      <Loaded load={note} lines={3}>
        {({ note: saved, changedAt }) => (
          <>
            <Problem trouble={work.trouble} />
            {mayChange ? (
              <div class="field">
                <label for={field}>{text('note.label')}</label>
                <textarea
                  id={field}
                  maxLength={MAX_LENGTH}
                  value={typed}
                  aria-describedby={`${field}-hint`}
                  onInput={({ currentTarget }) => setTyped(currentTarget.value)}
                />
              </div>
            ) : (
              <p>{saved ?? '–'}</p>
            )}
            <p class="hint" id={`${field}-hint`}>
              {text('note.hint')}{' '}
              {changedAt !== null && (
                <>
                  {text('note.changed')}: <Time at={changedAt} />
                </>
              )}
            </p>
            {typed.trim() !== (saved ?? '') && (
              <Action class="small main" work={work} onPress={save}>
                {common('save')}
              </Action>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  )
}
