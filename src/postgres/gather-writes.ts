/** What of a stream takes part. */
interface Corked {
  cork(): void
  uncork(): void
}

/**
 * A connection's questions that are asked in one go as one message: the driver writes each by itself, which wakes the
 * server as often. To be told of each question before it is asked.
 */
export function gatherWrites(client: object): void {
  const stream = streamOf(client)
  if (stream === undefined || gathering.has(stream)) return
  gathering.add(stream)
  stream.cork()
  process.nextTick(() => {
    gathering.delete(stream)
    stream.uncork()
  })
}

const gathering = new WeakSet<Corked>()

/** What the driver writes to, TLS or not; its types do not tell of it. */
function streamOf(client: object): Corked | undefined {
  const connection: unknown = Reflect.get(client, 'connection')
  const stream: unknown =
    typeof connection === 'object' && connection !== null
      ? Reflect.get(connection, 'stream')
      : undefined
  return isCorked(stream) ? stream : undefined
}

const isCorked = (stream: unknown): stream is Corked =>
  typeof stream === 'object' &&
  stream !== null &&
  typeof Reflect.get(stream, 'cork') === 'function' &&
  typeof Reflect.get(stream, 'uncork') === 'function'
