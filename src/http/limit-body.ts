import { bodyLimit } from 'hono/body-limit'
import { Refusal } from '../errors.ts'

/** Stops reading at the limit, also where no `Content-Length` says how much there is to come. */
export const limitBody = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new Refusal('body_too_large')
    },
  })
