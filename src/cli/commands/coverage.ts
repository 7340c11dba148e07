import { listIssues } from '../../account/observation.ts'
import { notesOf, observeAccount } from '../../account/observe.ts'
import { countryName } from '../../countries.ts'
import { countryOfNetwork } from '../../networks.ts'
import { wholeLists } from '../../plan/expected.ts'
import { resolveCatalog } from '../../plan/resolve.ts'
import { coverageMarkdown, coverageToJson, renderCoverage } from '../../render/coverage.ts'
import { issueToJson } from '../../render/plan-json.ts'
import { subjectLines } from '../../render/subject.ts'
import { compareCoverage } from '../../resources/zone-coverage.ts'
import type { Network } from '../../sft/api.ts'
import { readState } from '../../stores/states.ts'
import { openAccount, stateOf, subjectOf } from '../account.ts'
import { readCatalog } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { EXIT, showIssues } from '../context.ts'
import { namesOf, on } from '../flags.ts'
import { FORMAT_RULE, OUT_RULE, PAGE_FLAGS, pageFrame, pagesInto, showPage } from '../pages.ts'
import { ONE_FORM_RULE } from '../planning.ts'
import { tabular } from '../tabular.ts'

/** Which networks zones lost and may gain, and what is covered but not sold. Reads only. */
export const coverage = defineCommand({
  name: 'coverage',
  summary:
    'compare the zones with the networks that the account has: lost, available, close to empty',
  usage: '[flags]',
  flags: {
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    networks: on('list the networks of the account instead'),
    markdown: on('Markdown instead of text'),
    'detailed-exitcode': on(
      'exit 2 where a zone lost networks, may gain some or is close to empty; 5 where that is not known',
    ),
    ...PAGE_FLAGS,
    ...JSON_FLAG,
  },
  rules: [
    ONE_FORM_RULE,
    FORMAT_RULE,
    OUT_RULE,
    {
      when: '--networks',
      only: [...namesOf(READ_FLAGS), '--json'],
      why: 'it lists what the account has, without the catalog',
    },
  ],
  run: async ({ flags }, context) => {
    const pages = await pagesInto(flags)
    await using sft = openAccount(flags, context, 'reads')
    const subject = subjectOf(sft, flags, context)
    if (flags.networks) {
      const { items: networks, ...list } = await sft.read.networks()
      showIssues(context, listIssues({ notes: notesOf(list) }))
      if (flags.json) context.answer('coverage', { networks })
      else for (const line of tabular(listNetworks(networks), context)) context.out(line)
      return EXIT.ok
    }
    const catalog = await readCatalog(flags, context)
    if (catalog === undefined) return EXIT.failed
    const state = await readState(stateOf(flags, context))
    const observation = await observeAccount(sft.read, {
      stock: { ask: 'nothing' },
      expected: wholeLists(state),
      pageSize: sft.form.pageSize,
      destGroupId: catalog.account.destGroupId,
    })
    const graph = resolveCatalog(catalog, observation, state)
    const [odd, wrong] = [
      listIssues(observation),
      graph.issues.filter(issue => issue.severity === 'error'),
    ]
    showIssues(context, odd)
    showIssues(context, wrong)
    const wanted = new Map(
      [...graph.resources.values()].flatMap(resource => {
        const networks = resource.spec['networks']
        return Array.isArray(networks) ? [[resource.address, networks.map(String)] as const] : []
      }),
    )
    const compared = compareCoverage(catalog, state, observation, wanted)
    if (pages !== undefined)
      await showPage(
        pages.coveragePage({
          coverage: coverageToJson(compared, subject),
          issues: [...odd, ...wrong].map(issueToJson),
          ...(await pageFrame()),
        }),
        flags,
        context,
      )
    else if (flags.json) context.answer('coverage', coverageToJson(compared, subject))
    else if (flags.markdown) context.document(coverageMarkdown(compared, subject))
    else
      for (const line of [...subjectLines(subject), ...renderCoverage(compared, context.paint)])
        context.out(line)
    const news = compared.zones.some(
      zone => zone.lost.length > 0 || zone.available.length > 0 || zone.nearEmpty,
    )
    if (!flags['detailed-exitcode']) return EXIT.ok
    // What a part of a list does not show is no news of what is not there.
    return news ? EXIT.changes : compared.whole ? EXIT.ok : EXIT.blocked
  },
})

function listNetworks(networks: readonly Network[]): readonly (readonly string[])[] {
  const rows = networks.map(network => {
    const country = countryOfNetwork(network)
    return [
      country ?? '??',
      network.tadig ?? '-',
      network.operatorId,
      network.sponsorId,
      network.operatorName ?? '-',
      country === undefined ? (network.countryName ?? '-') : countryName(country),
    ]
  })
  return [
    ['country', 'tadig', 'operatorId', 'sponsorId', 'operator', 'country name'],
    ...rows.sort((a, b) => (a.join() < b.join() ? -1 : 1)),
  ]
}
