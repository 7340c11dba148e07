import pLimit from 'p-limit'

/**
 * Works through items, at most so many at once, in their order. After the first failure no further item is
 * begun, and that failure is thrown.
 *
 * @example
 * await sideBySide(endpoints, 64, async ({ endpointId }) => read(endpointId))
 */
export async function sideBySide<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const limit = pLimit(atOnce)
  let failed = false
  await limit.map(items, async item => {
    if (failed) return
    try {
      await work(item)
    } catch (error) {
      failed = true
      throw error
    }
  })
}
