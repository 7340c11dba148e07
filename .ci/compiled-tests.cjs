// The test runner puts loaders into the process of every test: for TypeScript, for mocks, for a list of the files that
// were loaded. A compiled test needs none of them, and they cost more processor time than most tests. Only coverage
// needs the list.
const loaders = require('node:module')

if (process.argv[1]?.endsWith('.js')) {
  process.env.TAP_TYPE_STRIP_ONLY = '1'
  if (process.env._TAPJS_PROCESSINFO_COVERAGE_ === '0') loaders.register = () => undefined
}
