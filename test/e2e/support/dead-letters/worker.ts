/** Prints each message of the dead-letter queue on a line of its own. */
const worker = {
  queue(batch: { messages: readonly { body: unknown }[] }): void {
    for (const { body } of batch.messages) console.log(`DEAD LETTER ${JSON.stringify(body)}`)
  },
}

// biome-ignore lint/style/noDefaultExport: a Worker is its default export
export default worker
