// The floor of adopt: the same reads one after another, parsed and forgotten. node read-again.mjs URL CALLS
import { readFileSync } from 'node:fs'

const [url, file] = process.argv.slice(2)
const calls = JSON.parse(readFileSync(file, 'utf8'))
const headers = { 'Content-Type': 'application/json', 'X-Requested-With': 'XMLHttpRequest' }
const login = await fetch(`${url}/api/login`, {
  method: 'POST',
  headers,
  body: JSON.stringify({ username: 'simulator', password: 'simulator' }),
})
const { AccessToken } = await login.json()
let rows = 0
for (const { method, path, query, body } of calls) {
  const answer = await fetch(`${url}${path}${query ? `?${query}` : ''}`, {
    method,
    headers: { ...headers, 'X-Authorization': `Bearer ${AccessToken}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  rows += Object.keys(JSON.parse(await answer.text())).length
}
console.log(rows)
