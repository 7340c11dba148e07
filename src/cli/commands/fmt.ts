import { type FormattedFile, formatCatalog } from '../../catalog/format-file.ts'
import { count, grouped } from '../../counts.ts'
import { writeFileDurably } from '../../durable/files.ts'
import { catalogFolder } from '../catalog.ts'
import { CATALOG_FLAG, defineCommand, JSON_FLAG } from '../command.ts'
import { EXIT, showIssues } from '../context.ts'
import { on } from '../flags.ts'

/** Brings catalog files into their one form; comments and meaning stay. */
export const fmt = defineCommand({
  name: 'fmt',
  summary: 'bring the catalog files into one form; comments and meaning stay',
  usage: '[--check] [flags]',
  flags: {
    check: on('write nothing; exit with 1 where a file is not in that form'),
    ...CATALOG_FLAG,
    ...JSON_FLAG,
  },
  run: async ({ flags }, context) => {
    const { files, issues } = await formatCatalog(catalogFolder(flags, context))
    const changed = files.filter(isOtherwise)
    const left = files.flatMap(({ formatted }) => ('issues' in formatted ? formatted.issues : []))
    if (!flags.check)
      for (const { path, formatted } of changed)
        if ('text' in formatted) await writeFileDurably(path, formatted.text, 'kept')
    const problems = [...issues, ...left]
    if (flags.json)
      context.answer('fmt', {
        check: flags.check,
        files: files.length,
        changed: changed.map(({ path }) => path),
        issues: problems,
      })
    else {
      showIssues(context, problems)
      for (const { path } of changed) context.out(path)
      context.err(
        context.paintErr(
          'dim',
          `${count(changed.length, 'file')} of ${grouped(files.length)} ${flags.check ? 'not in the one form: "sft-catalog fmt" writes it' : 'written'}`,
        ),
      )
    }
    const failed = problems.length > 0 || (flags.check && changed.length > 0)
    return failed ? EXIT.failed : EXIT.ok
  },
})

const isOtherwise = ({ before, formatted }: FormattedFile): boolean =>
  'text' in formatted && formatted.text !== before
