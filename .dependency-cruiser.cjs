// The rules of ARCHITECTURE.md, checked by `npm run boundaries`.
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** What makes pages and drawings. */
const DRAWING =
  '(@dagrejs/dagre|d3-[a-z]+|preact|preact-render-to-string|topojson-client|world-atlas)'

module.exports = {
  forbidden: [
    forbid(
      'no-cycles',
      'A newcomer reads from the bottom up; type-only imports count.',
      {},
      { circular: true },
    ),
    forbid(
      'model-imports-nothing',
      'model.ts is the bottom.',
      { path: '^src/model\\.ts$' },
      { path: '.' },
    ),
    forbid(
      'pure-core',
      'plan/, render/, page/ and resources/ run anywhere and are tested without fakes.',
      { path: '^src/(plan|render|page|resources)/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(path|util|crypto)$' },
    ),
    forbid(
      'pure-core-knows-no-effect',
      'plan/, render/ and resources/ reach no room that reads, sends or writes; the exceptions are types, errors, and the words that a kind says its part of the catalog in.',
      { path: '^src/(plan|render|resources)/' },
      {
        path: '^src/(apply|state|sft|provision|simulator|cli|catalog)/',
        pathNot:
          '^src/(sft/(api|errors)|state/(apply-log|state|records)|catalog/(language|entry|entry-edit|drafts|issue-log|owned-fields)|apply/report|provision/(endpoint-report|endpoint-view|exported-order|order-view|stock|usage))\\.ts$',
      },
    ),
    forbid(
      'kinds-use-words-only',
      'A kind is handed to the rooms: of theirs it uses the words that it is said in, never what asks for kinds.',
      { path: '^src/resources/' },
      {
        path: '^src/(account|adopt|apply|catalog|drift|plan|render|state)/',
        pathNot:
          '^src/(account/(kind-list|observation|read-sims)|adopt/(call-cost|make-key|pick-revisions|proposal)|catalog/(language|entry|entry-edit|drafts|issue-log|owned-fields)|state/state)\\.ts$',
      },
    ),
    forbid(
      'account-reads-only',
      'account/ reads an account into an observation, and stands below all that judges one.',
      { path: '^src/account/' },
      {
        path: '^src/',
        pathNot:
          '^src/(account/|(finding|issues|model|networks|side-by-side)\\.ts$|sft/api\\.ts$|state/state\\.ts$)',
      },
    ),
    forbid(
      'forge-knows-no-catalog',
      'forge/ writes comments and issues, whatever they say.',
      { path: '^src/forge/' },
      { path: '^src/', pathNot: '^src/(forge/|(fetch|json|model|plain-error)\\.ts$)' },
    ),
    forbid(
      'nobody-imports-cli',
      'cli/ is the edge.',
      { path: '^src/(?!cli/)' },
      { path: '^src/cli/' },
    ),
    forbid(
      'terminal-only-in-cli',
      'The library serves a portal backend that has no terminal.',
      { path: '^src/(?!cli/)' },
      { path: 'node_modules/(listr2|@clack)/' },
    ),
    forbid(
      'simulator-is-a-peer',
      'Only cli/ starts the simulator.',
      { path: '^src/(?!cli/|simulator/)' },
      { path: '^src/simulator/' },
    ),
    forbid(
      'simulator-shares-no-code',
      'A mistake in the client cannot hide itself in the simulator.',
      { path: '^src/simulator/' },
      { path: '^src/', pathNot: '^src/(simulator/|model\\.ts$)' },
    ),
    forbid(
      'policy-judges',
      'policy/ reads rules and holds a catalog and a plan against them; it reaches no account, no state and no store.',
      { path: '^src/policy/' },
      {
        path: '^src/(account|adopt|apply|cli|drift|durable|fleet|ledger|postgres|provision|sft|simulator|stores)/',
      },
    ),
    forbid(
      'expressions-in-a-process-of-their-own',
      'What evaluates expressions may be made to take all time and memory: only that process loads it.',
      { path: '^src/', pathNot: '^src/policy/(expressions|judge|evaluator)\\.ts$' },
      { path: '(^src/policy/(expressions|judge)\\.ts$|node_modules/@marcbachmann/)' },
    ),
    forbid(
      'lowdb-only-in-durable',
      'One door to the snapshot format.',
      { path: '^src/', pathNot: '^src/durable/' },
      { path: 'node_modules/lowdb/' },
    ),
    forbid(
      'secrets-know-nothing-of-what-they-hide',
      'One cipher for all that is kept.',
      { path: '^src/secrets/' },
      { path: '^src/', pathNot: '^src/(secrets/|(plain-error|setting-file)\\.ts$)' },
    ),
    forbid(
      'libsql-only-in-ledger',
      'One door to the driver, so that it can be changed.',
      { path: '^src/', pathNot: '^src/ledger/connection\\.ts$' },
      { path: 'node_modules/libsql/' },
    ),
    forbid(
      'dbos-only-in-fleet',
      'One door to the engine that keeps the work of a fleet.',
      { path: '^src/', pathNot: '^src/fleet/dbos-dispatcher\\.ts$' },
      { path: 'node_modules/@dbos-inc/' },
    ),
    forbid(
      'opentelemetry-only-in-telemetry',
      'One door to an API that is loaded only where an SDK is registered.',
      { path: '^src/', pathNot: '^src/telemetry/opentelemetry\\.ts$' },
      { path: 'node_modules/@opentelemetry/' },
    ),
    forbid(
      'pg-only-in-postgres',
      'One door to the driver, which only those have who keep something in PostgreSQL.',
      { path: '^src/', pathNot: '^src/postgres/connections\\.ts$' },
      { path: 'node_modules/(@types/)?pg/' },
    ),
    forbid(
      'stores-by-scheme',
      'A store is opened by the scheme of its address; provision/index.ts hands the embedded ledger out by name.',
      {
        path: '^src/(?!stores/|state/|ledger/|postgres/|fleet/dbos-dispatcher\\.ts$|provision/index\\.ts$)',
      },
      {
        path: '^src/(ledger/(?!keeper\\.ts$)|postgres/|state/(file-store|file-upkeep|watch-file)\\.ts$|stores/(file|memory|postgres)-store\\.ts$)',
      },
    ),
    forbid(
      'drawing-only-in-page',
      'One door to what draws, which only those have who want pages.',
      { path: '^src/', pathNot: '^src/page/' },
      { path: `node_modules/(@types/)?(${DRAWING})/` },
    ),
    {
      ...forbid(
        'page-when-asked-for',
        'A page costs those nothing who read text: it is imported where one is made.',
        { path: '^src/(?!page/)' },
        { path: '^src/page/' },
      ),
      to: { path: '^src/page/', dynamic: false },
    },
    forbid(
      'page-says-what-render-says',
      'A page is made of the same facts and words as text and JSON.',
      { path: '^src/page/' },
      {
        path: '^src/',
        pathNot:
          '^src/(page/|render/|plan/(landscape|plan)\\.ts$|resources/(kinds|zone-coverage)\\.ts$|(counts|countries|group-by|units)\\.ts$)',
      },
    ),
    forbid(
      'undici-only-in-sft',
      'One door to the network.',
      { path: '^src/', pathNot: '^src/sft/' },
      { path: 'node_modules/undici/' },
    ),
    forbid(
      'yaml-and-ajv-only-in-catalog',
      'catalog/ is the only door to YAML and JSON Schema.',
      { path: '^src/(?!catalog/)' },
      { path: 'node_modules/(yaml|ajv)/' },
    ),
    forbid(
      'not-to-dev',
      'What ships needs no development package.',
      { path: '^src/' },
      {
        dependencyTypes: ['npm-dev'],
        pathNot: `@types/|node_modules/(pg|@dbos-inc|@opentelemetry/api|${DRAWING})/`,
      },
    ),
    forbid(
      'resolvable',
      'Every import resolves; those of peers that are measured are installed where they are.',
      { pathNot: '^bench/peers/' },
      { couldNotResolve: true },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
