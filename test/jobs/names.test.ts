import { createExecutionContext, createMessageBatch, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import worker from '../../src/index.ts'
import wranglerConfig from '../../wrangler.toml?raw'

vi.spyOn(console, 'log').mockImplementation(() => undefined)

const bindings = env as unknown as Env
const runCron = (cron: string) =>
  worker.scheduled(createScheduledController({ cron }), bindings, createExecutionContext())
const consume = (queue: string) => worker.queue(createMessageBatch(queue, []), bindings, createExecutionContext())

const crons = new Set(
  [...wranglerConfig.matchAll(/^crons = \[(.*)\]$/gm)].flatMap(([, list = '']) => JSON.parse(`[${list}]`)),
)
const queues = [...wranglerConfig.matchAll(/queues\.consumers\]\]\nqueue = "(.*)"$/gm)].map(([, queue = '']) => queue)

describe('what wrangler.toml names', () => {
  it.each([...crons] as string[])('the cron %s has its job', async (cron) => {
    await expect(runCron(cron)).resolves.toBeUndefined()
  })

  it.each(queues)('the queue %s has its consumer', async (queue) => {
    await expect(consume(queue)).resolves.toBeUndefined()
  })

  it('are three crons, and four queues in each of two environments', () => {
    expect([crons.size, queues.length]).toEqual([3, 8])
  })
})

describe('a name that nobody knows', () => {
  it('of a cron fails its run, and no other job runs in its place', async () => {
    await expect(async () => await runCron('0 0 1 1 *')).rejects.toThrow('no job belongs to the cron 0 0 1 1 *')
  })

  it.each(['postern-mail-dead', 'mails', ''])(
    'of a queue (%j) fails its batch, which the queue brings again',
    async (queue) => {
      await expect(async () => await consume(queue)).rejects.toThrow('nothing consumes the queue')
    },
  )
})
