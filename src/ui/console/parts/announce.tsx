import { useEffect, useState } from 'preact/hooks'
import { Problem, useWork } from '../../parts/form.tsx'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/console/index.ts'

interface Announcement {
  text: string
  undo?: (() => Promise<unknown>) | undefined
}

let show: (announcement: Announcement) => void = () => undefined

/** Says what was done, with a way to undo it where there is one. It stays until the next one, or until it is closed. */
export function announce(said: string, undo?: () => Promise<unknown>): void {
  show({ text: said, undo })
}

/** The live region in which the console says what was done. A page has it once. */
export function Announcements() {
  const [current, setCurrent] = useState<Announcement | null>(null)
  const work = useWork()
  useEffect(() => {
    show = (announcement) => {
      work.say(null)
      setCurrent(announcement)
    }
  }, [])
  const undo = async () => {
    await current?.undo?.()
    setCurrent({ text: text('undone') })
  }
  return (
    <div class="announcements">
      <div role="status">{current !== null && <p>{current.text}</p>}</div>
      {current !== null && (
        <>
          <Problem trouble={work.trouble} />
          {current.undo !== undefined && (
            <button class="small" type="button" disabled={work.isBusy} onClick={() => void work.run(undo)}>
              {text('undo')}
            </button>
          )}
          <button class="small" type="button" onClick={() => setCurrent(null)}>
            {common('close')}
          </button>
        </>
      )}
    </div>
  )
}
