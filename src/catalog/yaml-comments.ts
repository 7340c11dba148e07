/** Comments of YAML as the formatter writes them. */
import { isMap, isSeq, type Node, visit, type YAMLMap, type YAMLSeq } from 'yaml'

type Collection = YAMLMap<Node, Node | null> | YAMLSeq<Node>

/** Lines of a comment as the parser has it: without the signs, blank ones among them. */
export const commentLines = (comment: string): readonly string[] =>
  comment.split('\n').map(line => (line === '' ? '' : `#${line}`.trimEnd()))

/** What stands before and behind a node. */
export interface Said {
  readonly before: readonly string[]
  /** One line behind it. */
  readonly behind: string
}

export function saidOf(node: Node | null): Said {
  const comment = node?.comment ?? ''
  const isOne = comment !== '' && !comment.includes('\n')
  return {
    before: [
      ...(node?.commentBefore ? commentLines(node.commentBefore) : []),
      // Several lines behind a value would be those of what follows.
      ...(comment !== '' && !isOne ? commentLines(comment) : []),
    ],
    behind: isOne ? `  ${commentLines(comment).join('')}` : '',
  }
}

export const isBlock = (node: Node | null): node is Collection =>
  (isMap<Node, Node | null>(node) || isSeq<Node>(node)) &&
  node.items.length > 0 &&
  (node.flow !== true || hasComments(node))

/** Whether a comment stands within a collection that is written on one line. */
function hasComments(node: Collection): boolean {
  let found = false
  visit(node, {
    Node: (_key, part) => {
      if (part !== node && (part.commentBefore || part.comment)) found = true
    },
  })
  return found
}

/** The comment of a block is within it, at its end; what was on one line has it above. */
export function saidBeside(node: Node | null): Said {
  if (!isBlock(node)) return saidOf(node)
  const above = [node.commentBefore, node.flow ? node.comment : undefined]
  return { before: above.flatMap(text => (text ? commentLines(text) : [])), behind: '' }
}
