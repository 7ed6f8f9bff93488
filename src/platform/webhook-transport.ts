import { VERSION, WEBHOOK_TIMEOUT_MS } from '../config.ts'

export interface WebhookRequest {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

/**
 * Posts a message to an endpoint. It answers null where the endpoint accepted it, and otherwise why not, in words that
 * hold nothing of the endpoint but its status. It follows no redirect, because the check of the URL would say nothing
 * about where that leads; it waits at most `WEBHOOK_TIMEOUT_MS`, and reads nothing of the answer's body.
 */
export async function postWebhook({ url, headers, body }: WebhookRequest): Promise<string | null> {
  const signal = AbortSignal.timeout(WEBHOOK_TIMEOUT_MS)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': `Postern/${VERSION}`, ...headers },
      body,
      redirect: 'manual',
      signal,
    })
    await response.body?.cancel()
    return response.ok ? null : `HTTP status ${response.status}`
  } catch {
    return signal.aborted ? 'time-out' : 'connection failed'
  }
}
