import { useRef, useState } from 'preact/hooks'
import { PosternError } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Action, Problem, Success, useWork } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { Crop } from './crop.tsx'
import { focusSection } from './section.tsx'

/** The picture, or the initials of somebody who has none. */
export function Avatar({ user, alt = '' }: { user: User; alt?: string }) {
  if (user.pictureUrl !== null)
    return <img class="avatar" src={user.pictureUrl} alt={alt} width="72" height="72" referrerpolicy="no-referrer" />
  return (
    <span class="avatar" aria-hidden="true">
      {initialsOf(user.name ?? user.username ?? user.email)}
    </span>
  )
}

/** Lets the person choose a picture and which part of it is shown. It goes away where the service keeps no pictures. */
export function Picture({ user }: { user: User }) {
  const file = useRef<HTMLInputElement>(null)
  const [image, setImage] = useState<ImageBitmap | null>(null)
  const [isOff, setOff] = useState(false)
  const upload = useWork()
  const removal = useWork()

  const read = (chosen: File) =>
    createImageBitmap(chosen).then(setImage, () => upload.say({ text: text('picture.unreadable'), fields: {} }))
  const choose = () => {
    const chosen = file.current?.files?.[0]
    if (file.current === null || chosen === undefined) return
    removal.reset()
    upload.reset()
    void read(chosen)
    // The same file may be chosen once more.
    file.current.value = ''
  }
  const save = async (picture: Blob) => {
    try {
      await client.request('PUT /auth/me/picture', { body: picture })
      await client.reload()
    } catch (error) {
      if (!(error instanceof PosternError && error.code === 'pictures_off')) throw error
      setOff(true)
      focusSection('profile')
    }
  }
  const remove = async () => {
    upload.reset()
    await client.request('DELETE /auth/me/picture')
    await client.reload()
  }

  if (isOff) return <p role="status">{text('picture.off')}</p>
  return (
    <div class="picture">
      <Avatar user={user} alt={text('picture.yours')} />
      <div>
        <input
          ref={file}
          type="file"
          accept="image/png,image/jpeg,image/gif,image/webp"
          hidden
          aria-label={text('picture.choose')}
          onChange={choose}
        />
        <div class="buttons">
          <button
            class="secondary"
            type="button"
            aria-disabled={upload.isBusy}
            onClick={() => upload.isBusy || file.current?.click()}
          >
            {text('picture.choose')}
          </button>
          {user.pictureUrl !== null && (
            <Action class="quiet" work={removal} onPress={remove}>
              {text('picture.remove')}
            </Action>
          )}
        </div>
        <p class="hint">{text('picture.hint')}</p>
        <Problem trouble={upload.trouble ?? removal.trouble} />
        <Success work={upload}>{text('picture.saved')}</Success>
        <Success work={removal}>{text('picture.removed')}</Success>
      </div>
      {image !== null && (
        <Crop
          image={image}
          onDone={(picture) => {
            setImage(null)
            if (picture !== null) void upload.run(() => save(picture))
          }}
        />
      )}
    </div>
  )
}

/** What is shown of somebody who has no picture. */
const initialsOf = (name: string): string =>
  name
    .split(/[\s@.]+/)
    .filter((word) => word !== '')
    .slice(0, 2)
    .map((word) => String.fromCodePoint(word.codePointAt(0) ?? 0).toLocaleUpperCase())
    .join('')
