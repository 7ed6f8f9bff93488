import { Webhook } from 'standardwebhooks'

interface Event {
  type: string
  timestamp: string
  data: Record<string, unknown>
}

/** Takes a message from Postern. Keep the ids in `seen` for a week: a message may come twice, and counts once. */
export async function receive(
  request: Request,
  { secret, seen, handle }: { secret: string; seen: Set<string>; handle: (event: Event) => void },
): Promise<Response> {
  const body = await request.text()
  const headers = Object.fromEntries(request.headers)
  let event: Event
  try {
    // It checks the signature, and that the message is at most five minutes old.
    event = new Webhook(secret).verify(body, headers) as Event
  } catch {
    return new Response(null, { status: 400 })
  }
  const id = request.headers.get('webhook-id') ?? ''
  if (!seen.has(id)) {
    handle(event)
    seen.add(id)
  }
  return new Response(null, { status: 204 })
}
