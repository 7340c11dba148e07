// The floor: the same calls in a loop, no state, no budget, no settling. node loop.mjs URL IN_FLIGHT FILE
import { readFileSync } from 'node:fs'

const [url, inFlight, file] = process.argv.slice(2)
const iccids = readFileSync(file, 'utf8').match(/\b8\d{18}\b/g)

async function call(path, body, token) {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Requested-With': 'XMLHttpRequest',
      ...(token && { 'X-Authorization': `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  return answer.json()
}

const { AccessToken } = await call('/api/login', { username: 'simulator', password: 'simulator' })
const ids = new Map()
const queue = iccids.values()
async function work() {
  for (const iccid of queue) {
    const requestParam = {
      name: iccid,
      iccid,
      isLinkSIM: 'true',
      isDefaultActivation: 'false',
      roamingProfileId: '3017',
      apnGroupId: 'PDP_1785',
      planId: 'DEFAULTPRE41274807',
    }
    const { Response } = await call(
      '/api/CreateEndPoint',
      { Request: { requestParam } },
      AccessToken,
    )
    if (Response.resultCode !== '0') throw new Error(Response.resultParam.resultDescription)
    ids.set(iccid, Response.endPointId)
  }
}
await Promise.all(Array.from({ length: Number(inFlight) }, work))
console.log(ids.size)
