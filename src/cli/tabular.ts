import { columns } from '../render/ledger-text.ts'
import type { Context } from './context.ts'

/** Rows as lines: in columns where a person looks at them, with tabs between the cells where a program takes them. */
export const tabular = (
  rows: readonly (readonly string[])[],
  { canRedraw }: Pick<Context, 'canRedraw'>,
): readonly string[] => (canRedraw ? columns(rows) : rows.map(row => row.join('\t')))
