// The calls that each peer makes, as bare as can be.
const { SFT_BASE_URL: url } = process.env

async function call(method, path, body, token) {
  const answer = await fetch(url + path, {
    method,
    headers: {
      'Content-Type': 'application/json',
      'X-Requested-With': 'XMLHttpRequest',
      ...(token && { 'X-Authorization': `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return answer.json()
}

const login = call('POST', '/api/login', { username: 'simulator', password: 'simulator' })

/** Makes an endpoint, and gives its ID. */
export async function createEndpoint(iccid) {
  const requestParam = {
    name: `travel-${iccid}`,
    iccid,
    isLinkSIM: 'true',
    isDefaultActivation: 'false',
    roamingProfileId: '3017',
    apnGroupId: 'PDP_1785',
    planId: 'DEFAULTPRE41274807',
  }
  const { AccessToken } = await login
  const body = { Request: { requestParam } }
  const { Response } = await call('POST', '/api/CreateEndPoint', body, AccessToken)
  if (Response.resultCode !== '0') throw new Error(Response.resultParam.resultDescription)
  return Response.endPointId
}

/** Reads an endpoint by its ID, and throws where it is not there. */
export async function readEndpoint(id) {
  const { AccessToken } = await login
  const path = `/api/GetEndPointProfile?endPointId=${id}`
  const { Response } = await call('GET', path, undefined, AccessToken)
  if (Response.resultCode !== '0') throw new Error(Response.resultParam.resultDescription)
  return Response
}
