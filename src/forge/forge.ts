/** What is asked of the place where people review: comments of a change, and issues. Types only. */

/** A comment or an issue as it stands there. */
export interface Post {
  /** What its edits are addressed by. */
  readonly id: string
  readonly body: string
  readonly url: string
}

/** A forge, as far as a pipeline tells it something. */
export interface Forge {
  /** Comments of ours on a change, oldest first: what others wrote could be edited by them later. */
  readonly comments: (change: number) => AsyncIterable<Post>
  readonly addComment: (change: number, body: string) => Promise<Post>
  readonly editComment: (change: number, id: string, body: string) => Promise<Post>
  /** Open issues with our label, which only people with rights can give. */
  readonly issues: () => AsyncIterable<Post>
  readonly addIssue: (title: string, body: string) => Promise<Post>
  readonly editIssue: (id: string, title: string, body: string) => Promise<Post>
  readonly closeIssue: (id: string, comment: string) => Promise<void>
  /** The change that a commit came by; undefined where there is none. */
  readonly changeOf: (commit: string) => Promise<number | undefined>
}

/** The label of our issues. */
export const LABEL = 'sft-catalog'
