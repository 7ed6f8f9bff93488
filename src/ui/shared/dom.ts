/** Finds the element with this id. A page that lacks it is broken, so this throws. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`#${id} is missing`)
  return element
}

/** Shows or hides an element, for eyes and screen readers alike. */
export function show(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible
}
