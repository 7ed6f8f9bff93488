import type { SectionProps } from '../section-props.ts'
import { UserList } from './list.tsx'
import { UserPage } from './user.tsx'

/** The list of users, or the one that is open. */
export function Users(props: SectionProps) {
  const id = props.address.get('user')
  return id === null ? <UserList {...props} /> : <UserPage key={id} id={id} {...props} />
}
