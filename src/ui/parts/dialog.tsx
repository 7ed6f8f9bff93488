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
  // A browser closes a dialog itself when the key is pressed twice, whatever the page says.
  const reopen = () => {
    if (dialog.current?.isConnected) dialog.current.showModal()
  }
  return (
    <dialog ref={dialog} class="card" aria-labelledby={id} onCancel={cancel} onClose={reopen}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}
