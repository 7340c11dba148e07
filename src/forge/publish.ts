import type { Forge, Post } from './forge.ts'
import { ForgeError } from './request.ts'

/** How something was told. */
export interface Published {
  readonly how: 'made' | 'updated' | 'closed' | 'nothing'
  readonly url: string
}

/** Puts our comment on a change: the one that has the mark is replaced, so that there is one and it is of today. */
export async function putComment(
  forge: Forge,
  change: number,
  mark: string,
  body: string,
): Promise<Published> {
  const find = () => firstMarked(forge.comments(change), mark)
  const known = await find()
  if (known !== undefined)
    return { how: 'updated', url: (await forge.editComment(change, known.id, body)).url }
  return { how: 'made', url: (await madeOnce(() => forge.addComment(change, body), find)).url }
}

/** Opens our issue, or brings it up to date where it is open already. */
export async function putIssue(
  forge: Forge,
  mark: string,
  title: string,
  body: string,
): Promise<Published> {
  const find = () => firstMarked(forge.issues(), mark)
  const known = await find()
  if (known !== undefined)
    return { how: 'updated', url: (await forge.editIssue(known.id, title, body)).url }
  return { how: 'made', url: (await madeOnce(() => forge.addIssue(title, body), find)).url }
}

/** Closes our issue with a last word, where one is open. */
export async function endIssue(forge: Forge, mark: string, word: string): Promise<Published> {
  const known = await firstMarked(forge.issues(), mark)
  if (known === undefined) return { how: 'nothing', url: '' }
  await forge.closeIssue(known.id, word)
  return { how: 'closed', url: known.url }
}

/** The first post that begins with a mark. */
export async function firstMarked(
  posts: AsyncIterable<Post>,
  mark: string,
): Promise<Post | undefined> {
  for await (const post of posts) if (post.body.startsWith(mark)) return post
  return undefined
}

/** Makes something; where nobody knows whether it was made, what is there tells. */
async function madeOnce(
  make: () => Promise<Post>,
  find: () => Promise<Post | undefined>,
): Promise<Post> {
  try {
    return await make()
  } catch (error) {
    if (!(error instanceof ForgeError) || !error.isUncertain) throw error
    const made = await find()
    if (made === undefined) throw error
    return made
  }
}
