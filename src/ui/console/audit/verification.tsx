import { useState } from 'preact/hooks'
import type { Input } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/audit/index.ts'
import { showNumber } from '../parts/show.tsx'

/** Checks the whole log, a step at a time, and says how far it is. */
export function Verification() {
  const work = useWork()
  const [said, setSaid] = useState('')
  const verify = async () => {
    setSaid('')
    let count = 0
    let query: NonNullable<Input<'GET /audit-events/verification'>['query']> = {}
    for (;;) {
      const { firstBroken, rows, nextCursor } = await client.request('GET /audit-events/verification', { query })
      count += rows
      if (firstBroken !== null) return setSaid(text('verify.broken', firstBroken))
      if (nextCursor === null) return setSaid(text('verify.intact', { count: showNumber(count) }))
      setSaid(text('verify.running', { count: showNumber(count) }))
      query = { cursor: nextCursor }
    }
  }
  return (
    <div class="row">
      <Problem trouble={work.trouble} />
      <p role="status" class="hint">
        {said}
      </p>
      <Action class="small" work={work} onPress={verify}>
        {text('verify')}
      </Action>
    </div>
  )
}
