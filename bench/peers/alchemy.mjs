// Endpoints as resources of alchemy, all at once. node alchemy.mjs FILE, with ALCHEMY_STATE as its folder
import { readFileSync } from 'node:fs'
import alchemy, { Resource } from 'alchemy'
import { FileSystemStateStore } from 'alchemy/state'
import { createEndpoint } from './account.mjs'

const [file] = process.argv.slice(2)
const iccids = JSON.parse(readFileSync(file, 'utf8'))

const Endpoint = Resource('sft::Endpoint', async function (_id, { iccid }) {
  if (this.phase === 'delete') return this.destroy()
  if (this.phase === 'update') return this.output
  return { iccid, endpointId: await createEndpoint(iccid) }
})

const app = await alchemy('bench', {
  stage: 'bench',
  quiet: true,
  stateStore: scope => new FileSystemStateStore(scope, { rootDir: process.env.ALCHEMY_STATE }),
})
await Promise.all(iccids.map(iccid => Endpoint(`endpoint-${iccid}`, { iccid })))
await app.finalize()
