import { count, grouped } from '../counts.ts'
import type { PriceImport } from '../prices/import-prices.ts'
import { gated } from './gate.ts'
import type { Paint } from './paint.ts'

/** Rows that cannot be said, each with its line, and what became of the others. */
export const renderImport = (
  result: PriceImport,
  list: string,
  written: boolean,
  paint: Paint,
): readonly string[] =>
  gated(paint, marked => [
    ...result.refused.map(
      ({ line, sku, reason }) =>
        `${marked('strong', `${list}:${line}`)}: ${sku === undefined ? '' : `${sku}: `}${reason}`,
    ),
    ...result.leftToLike.map(({ line, sku, what }) =>
      marked(
        'warn',
        `${list}:${line}: ${sku}: ${what.join(', ')}: left to the plan that it is like; this row and that plan are not compared`,
      ),
    ),
    ...(result.unused.length === 0
      ? []
      : [marked('dim', `columns that nothing was taken from: ${result.unused.join(', ')}`)]),
    `${count(result.imported.length, 'row')} ${written ? 'imported' : 'to be imported'}, ${grouped(result.known.length)} in the catalog already, ${grouped(result.refused.length)} refused`,
    ...(written && result.files.length > 0
      ? [
          `wrote ${result.files.map(({ path }) => path).join(', ')}; "sft-catalog plan" shows what they make`,
        ]
      : []),
  ])
