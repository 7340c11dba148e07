import { listIssues } from '../../account/observation.ts'
import { notesOf, observeAccount } from '../../account/observe.ts'
import { countryName } from '../../countries.ts'
import { countryOfNetwork } from '../../networks.ts'
import { wholeLists } from '../../plan/expected.ts'
import { resolveCatalog } from '../../plan/resolve.ts'
import { coverageMarkdown, coverageToJson, renderCoverage } from '../../render/coverage.ts'
import { subjectLines } from '../../render/subject.ts'
import { compareCoverage } from '../../resources/zone-coverage.ts'
import type { Network } from '../../sft/api.ts'
import { readState } from '../../stores/states.ts'
import { openAccount, readCatalog, stateOf, subjectOf } from '../account.ts'
import { CATALOG_FLAGS, type Command, JSON_FLAG, namesOf, READ_FLAGS } from '../command.ts'
import { ONE_FORM_RULE } from '../planning.ts'
import { EXIT, showIssues } from '../world.ts'

/** Which networks zones lost and may gain, and what is covered but not sold. Reads only. */
export const coverage: Command = {
  name: 'coverage',
  summary:
    'compare the zones with the networks that the account has: lost, available, close to empty',
  usage: '[flags]',
  flags: [
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    ['--networks', 'list the networks of the account instead'],
    ['--markdown', 'Markdown instead of text'],
    [
      '--detailed-exitcode',
      'exit 2 where a zone lost networks, may gain some or is close to empty',
    ],
    JSON_FLAG,
  ],
  rules: [
    ONE_FORM_RULE,
    {
      when: '--networks',
      only: [...namesOf(READ_FLAGS), '--json'],
      why: 'it lists what the account has, without the catalog',
    },
  ],
  run: async (given, world) => {
    await using sft = openAccount(given, world, 'reads')
    const subject = subjectOf(sft, given, world)
    if (given.is('networks')) {
      const { items: networks, ...list } = await sft.read.networks()
      showIssues(world, listIssues({ notes: notesOf(list) }))
      if (given.is('json')) world.json(networks)
      else for (const line of listNetworks(networks)) world.out(line)
      return EXIT.ok
    }
    const catalog = await readCatalog(given, world)
    if (catalog === undefined) return EXIT.failed
    const state = await readState(stateOf(given, world))
    const observation = await observeAccount(sft.read, {
      stock: { ask: 'nothing' },
      expected: wholeLists(state),
      pageSize: sft.form.pageSize,
      destGroupId: catalog.account.destGroupId,
    })
    const graph = resolveCatalog(catalog, observation, state)
    showIssues(world, listIssues(observation))
    showIssues(
      world,
      graph.issues.filter(issue => issue.severity === 'error'),
    )
    const wanted = new Map(
      [...graph.resources.values()].flatMap(resource => {
        const networks = resource.spec['networks']
        return Array.isArray(networks) ? [[resource.address, networks.map(String)] as const] : []
      }),
    )
    const compared = compareCoverage(catalog, state, observation, wanted)
    if (given.is('json')) world.json(coverageToJson(compared, subject))
    else if (given.is('markdown')) world.document(coverageMarkdown(compared, subject))
    else
      for (const line of [...subjectLines(subject), ...renderCoverage(compared, world.paint)])
        world.out(line)
    const news = compared.zones.some(
      zone => zone.lost.length > 0 || zone.available.length > 0 || zone.nearEmpty,
    )
    return given.is('detailed-exitcode') && news ? EXIT.changes : EXIT.ok
  },
}

function listNetworks(networks: readonly Network[]): readonly string[] {
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
  ].map(row => row.join('\t'))
}
