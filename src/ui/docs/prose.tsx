/** A text of the document, in which backticks mark code. */
export function Prose({ children }: { children: string }) {
  const parts = children.split('`')
  return <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
}
