import { createReadStream } from 'node:fs'
import { decodeText } from '../../catalog/decode.ts'
import { FileExistsError, writeNewFiles } from '../../catalog/write-files.ts'
import { errorCode } from '../../durable/files.ts'
import { systemReason } from '../../plain-error.ts'
import { type ImportOptions, importPrices, type PriceImport } from '../../prices/import-prices.ts'
import {
  PRICE_FIELD_NAMES,
  PRICE_FIELDS,
  PriceListError,
  type PriceMap,
} from '../../prices/price-list.ts'
import { renderImport } from '../../render/import-text.ts'
import { catalogFolder, existingCatalog, loadOptions } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on, text, texts, UsageError, type Values } from '../flags.ts'

const UNITS = ['MB', 'GB', 'TB'] as const

const FLAGS = {
  map: texts(
    'FIELD=COLUMN',
    `which column is what; columns of the same name need none. Fields: ${PRICE_FIELD_NAMES.join(', ')}, portal.NAME`,
  ),
  set: texts('FIELD=VALUE', 'the same value for every row, such as currency=EUR'),
  unit: text('UNIT', `unit of volumes that are bare numbers: ${UNITS.join(', ')}`),
  into: text('NAME', 'folder of the new files below the catalog (default: imported)'),
  'dry-run': on('print what would be written, and write nothing'),
  ...CATALOG_FLAGS,
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** Brings a seller's list into the catalog: what can be said is written, what cannot is named with its line. */
export const importCommand = defineCommand({
  name: 'import',
  summary: "write catalog files from a seller's price list; rows that cannot be said are named",
  usage: 'LIST.csv [--map FIELD=COLUMN…] [flags]',
  flags: FLAGS,
  arguments: [1, 1],
  run: async ({ flags, args: [list = ''] }, context) => {
    const how = howOf(flags)
    const folder = catalogFolder(flags, context)
    const catalog = await existingCatalog(folder, flags, context)
    if (catalog === 'broken') return EXIT.failed
    const content = await readList(list)
    try {
      const result = await importPrices(content, {
        ...how,
        folder,
        load: loadOptions(flags, context),
        ...(catalog !== undefined && { catalog }),
      })
      if (!flags['dry-run']) await writeNewFiles(folder, result.files)
      show(result, list, flags, context)
      return result.refused.length > 0 ? EXIT.blocked : EXIT.ok
    } catch (error) {
      if (!(error instanceof PriceListError || error instanceof FileExistsError)) throw error
      const where = error instanceof PriceListError ? `${list}: ` : ''
      context.err(`${context.paintErr('error', 'error')} ${where}${error.message}`)
      return EXIT.failed
    }
  },
})

/** What flags say about reading the list. Throws a `UsageError`. */
function howOf(flags: Flags): Pick<ImportOptions, 'map' | 'unit' | 'into'> {
  const into = flags.into ?? 'imported'
  if (!/^[a-z0-9][\w-]*(\/[a-z0-9][\w-]*)*$/i.test(into))
    throw new UsageError('--into takes the name of a folder below the catalog, such as imported')
  const unit = UNITS.find(one => one === flags.unit)
  if (flags.unit !== undefined && unit === undefined)
    throw new UsageError(`--unit is one of ${UNITS.join(', ')}`)
  return { map: mapOf(flags), into, ...(unit !== undefined && { unit }) }
}

function show(result: PriceImport, list: string, flags: Flags, context: Context): void {
  const written = !flags['dry-run']
  if (flags.json) {
    context.answer('import', { ...result, written })
    return
  }
  if (!written) for (const { text: yaml } of result.files) context.document(yaml.trimEnd())
  for (const line of renderImport(result, list, written, context.paint))
    if (written) context.out(line)
    else context.err(line)
}

function mapOf(flags: Flags): PriceMap {
  return { columns: pairsOf('map', flags.map), values: pairsOf('set', flags.set) }
}

function pairsOf(flag: string, given: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const one of given) {
    const at = one.indexOf('=')
    const field = one.slice(0, Math.max(0, at)).trim()
    const isField = Object.hasOwn(PRICE_FIELDS, field) || /^portal\.[\w-]+$/.test(field)
    if (at < 0 || !isField || one.slice(at + 1).trim() === '')
      throw new UsageError(
        `--${flag} ${one}: give FIELD=${flag === 'map' ? 'COLUMN' : 'VALUE'}, where FIELD is one of ${PRICE_FIELD_NAMES.join(', ')} or portal.NAME`,
      )
    if (pairs.has(field)) throw new UsageError(`--${flag} gives ${field} twice`)
    pairs.set(field, one.slice(at + 1).trim())
  }
  return pairs
}

/** More than any price list has: a file of the catalog that says so many rows could not be read. */
const MOST_BYTES = 16 * 1024 * 1024

/** The bytes of a file, a pipe too; undefined where there are more than `most`. */
async function readUpTo(path: string, most: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of createReadStream(path)) {
    parts.push(part)
    size += part.length
    if (size > most) return undefined
  }
  return Buffer.concat(parts)
}

async function readList(path: string): Promise<string> {
  let bytes: Buffer | undefined
  try {
    bytes = await readUpTo(path, MOST_BYTES)
  } catch (error) {
    const reason = systemReason(errorCode(error))
    if (reason === undefined) throw error
    throw new UsageError(`${path} cannot be read: ${reason}`)
  }
  if (bytes === undefined)
    throw new UsageError(
      `${path} has more than ${MOST_BYTES / 1024 ** 2} MB: split it, each part with its first line`,
    )
  const decoded = decodeText(path, bytes)
  if ('text' in decoded) return decoded.text
  throw new UsageError(`${path}: ${decoded.problem.message}`)
}
