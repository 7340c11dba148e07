// A provider of Terraform with one resource, an endpoint; prints what TF_REATTACH_PROVIDERS must say. node … SOCKET
import grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { decode, ExtData, encode } from '@msgpack/msgpack'
import { createEndpoint, readEndpoint } from './account.mjs'

const [socket] = process.argv.slice(2)
const { tfplugin6 } = grpc.loadPackageDefinition(
  loadSync(new URL('tfplugin6.proto', import.meta.url).pathname, { keepCase: true }),
)

const unknown = new ExtData(0, Uint8Array.of(0))
const unpacked = ({ msgpack }) => (msgpack.length === 0 ? null : decode(msgpack))
const packed = value => ({ msgpack: Buffer.from(encode(value)) })
const text = (name, how) => ({ name, type: Buffer.from('"string"'), [how]: true })

const answers = {
  GetProviderSchema: async () => ({
    provider: { version: 0, block: { version: 0, attributes: [] } },
    resource_schemas: {
      sft_endpoint: {
        version: 0,
        block: { version: 0, attributes: [text('iccid', 'required'), text('id', 'computed')] },
      },
    },
  }),
  ValidateProviderConfig: async () => ({}),
  ValidateResourceConfig: async () => ({}),
  ConfigureProvider: async () => ({}),
  StopProvider: async () => ({}),
  UpgradeResourceState: async ({ raw_state }) => ({
    upgraded_state: packed(JSON.parse(raw_state.json.toString())),
  }),
  async ReadResource({ current_state }) {
    const state = unpacked(current_state)
    await readEndpoint(state.id)
    return { new_state: packed(state) }
  },
  async PlanResourceChange({ prior_state, proposed_new_state }) {
    const prior = unpacked(prior_state)
    const proposed = unpacked(proposed_new_state)
    if (proposed === null) return { planned_state: packed(null) }
    return { planned_state: packed({ ...proposed, id: prior?.id ?? unknown }) }
  },
  async ApplyResourceChange({ planned_state }) {
    const { iccid } = unpacked(planned_state)
    return { new_state: packed({ iccid, id: await createEndpoint(iccid) }) }
  },
}

const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 })
server.addService(
  tfplugin6.Provider.service,
  Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      ({ request }, done) => {
        answer(request).then(
          value => done(null, value),
          error => done({ code: grpc.status.INTERNAL, message: error.message }),
        )
      },
    ]),
  ),
)
server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), error => {
  if (error) throw error
  const at = { Network: 'unix', String: socket }
  const told = { Protocol: 'grpc', ProtocolVersion: 6, Pid: process.pid, Test: true, Addr: at }
  console.log(JSON.stringify({ 'registry.terraform.io/bench/sft': told }))
})
