import { useEffect, useRef, useState } from 'preact/hooks'
import { text } from '../texts/account/index.ts'

interface NavigationProps {
  /** The id and the name of each section, in their order on the page. */
  sections: readonly (readonly [id: string, name: string])[]
}

/** Leads to the sections of the page, and marks the one that is being read. */
export function Navigation({ sections }: NavigationProps) {
  const current = useSectionInView(sections.map(([id]) => id))
  const links = useRef<HTMLUListElement>(null)
  // On a small screen the links are a row that is longer than the screen.
  useEffect(() => {
    const link = links.current?.querySelector<HTMLElement>('[aria-current]')
    if (link) links.current?.scrollTo({ left: link.offsetLeft - (links.current.clientWidth - link.offsetWidth) / 2 })
  }, [current])
  return (
    <nav aria-label={text('sections')}>
      <ul ref={links}>
        {sections.map(([id, name]) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={id === current ? 'location' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const EVENTS = ['scroll', 'resize', 'hashchange'] as const

function useSectionInView(ids: readonly string[]): string | undefined {
  const [current, setCurrent] = useState(ids[0])
  useEffect(() => {
    const look = () => setCurrent(findSectionInView(ids))
    look()
    for (const event of EVENTS) addEventListener(event, look, { passive: true })
    return () => {
      for (const event of EVENTS) removeEventListener(event, look)
    }
  }, [ids.join()])
  return current
}

/**
 * Finds the section that begins in the upper part of the window, or above it. The last ones may be too short to get
 * there: at the end of the page it is the one that the address names, if that is in view, or else the last.
 */
function findSectionInView(ids: readonly string[]): string | undefined {
  const { clientHeight, scrollHeight } = document.documentElement
  const tops = ids.map((id) => document.getElementById(id)?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY)
  if (scrollY > 0 && scrollY + clientHeight >= scrollHeight - 1) {
    const named = ids.indexOf(location.hash.slice(1))
    return ids[named >= 0 && (tops[named] ?? -1) >= 0 ? named : ids.length - 1]
  }
  return ids[
    Math.max(
      0,
      tops.findLastIndex((top) => top <= clientHeight / 4),
    )
  ]
}
