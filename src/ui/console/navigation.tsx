import { useEffect, useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Action, Problem, useWork } from '../parts/form.tsx'
import { text } from '../texts/console/index.ts'
import { addressOf } from './parts/address.ts'
import type { SectionId } from './sections.ts'

interface NavigationProps {
  sections: readonly SectionId[]
  current: SectionId
  /** Who is signed in. */
  name: string
}

/** Leads to the sections: at the side of a wide screen, and under a button at the top of a small one. */
export function Navigation({ sections, current, name }: NavigationProps) {
  const [isOpen, setOpen] = useState(false)
  const work = useWork()
  useEffect(() => setOpen(false), [current])
  return (
    <header class="side">
      <div class="side-head">
        <a class="brand" href="/console">
          <img src="/assets/icon.svg" alt="" width="28" height="28" />
          <span>{text('title')}</span>
        </a>
        <button class="small menu" type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {text('menu')}
        </button>
      </div>
      <div class={isOpen ? 'side-body open' : 'side-body'}>
        <nav aria-label={text('sections')}>
          <ul>
            {sections.map((id) => (
              <li key={id}>
                <a href={addressOf({ section: id })} aria-current={id === current ? 'page' : undefined}>
                  {text(`section.${id}`)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="whoami">
          <Problem trouble={work.trouble} />
          <p class="muted">{text('signedInAs', { name })}</p>
          <a class="small" href="/account">
            {text('account')}
          </a>
          <Action class="small" work={work} onPress={() => client.logout()}>
            {text('signOut')}
          </Action>
        </div>
      </div>
    </header>
  )
}
