import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'

interface DialogProps {
  title: string
  /** The Escape key was pressed. */
  onClose(): void
  children: ComponentChildren
}

/** A dialog that is open for as long as it is rendered. The focus returns then to where it was. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    const { current } = dialog
    const opener = document.activeElement
    if (current?.open === false) current.showModal()
    return () => {
      // A dialog that is removed and not closed leaves the focus nowhere.
      current?.close()
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  const cancel = (event: Event) => {
    event.preventDefault()
    if (event.target === event.currentTarget) onClose()
  }
  return (
    <dialog ref={dialog} class="card" aria-labelledby={id} onCancel={cancel}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}
