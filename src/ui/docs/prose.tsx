/** A text of the document, which is English, and in which backticks mark code. */
export function Prose({ children }: { children: string }) {
  const parts = children.split('`')
  return <span lang="en">{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</span>
}
