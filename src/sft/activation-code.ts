/**
 * eSIM activation codes (GSMA SGP.22 section 4.1; contract 4.8 for the form seen):
 * `LPA:1$<SM-DP+ host>$<matching ID>[$<OID>[$1]]`, the last one where a confirmation code is needed. All of
 * them are secrets.
 */

const HOST = /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d{1,5})?$/

/**
 * An activation code as every phone reads it, whatever form it came in: `lpa:` in lower case, without its
 * prefix, with empty fields at its end, or as `carddata` of a link; undefined for what is no such code.
 *
 * @example readActivationCode('lpa:1$smdp.example.com$ABC$$') // 'LPA:1$smdp.example.com$ABC'
 */
export function readActivationCode(text: string): string | undefined {
  const code = cardDataOf(text.trim())?.trim()
  const match = code === undefined ? null : /^(?:lpa:\s*)?1\$(.*)$/i.exec(code)
  const [host = '', matchingId = '', oid = '', flag = '', ...more] = match?.[1]?.split('$') ?? []
  const isCode =
    HOST.test(host) &&
    /^[^\s"'<>]*$/.test(matchingId) &&
    /^[0-9.]*$/.test(oid) &&
    /^[01]?$/.test(flag) &&
    more.every(field => field === '')
  if (!isCode) return undefined
  const fields = ['LPA:1', host, matchingId]
  if (oid !== '' || flag === '1') fields.push(oid)
  if (flag === '1') fields.push('1')
  return fields.join('$')
}

/** Whether a phone will ask for a confirmation code, of a code as `readActivationCode` gives it. */
export function needsConfirmationCode(activationCode: string): boolean {
  return activationCode.split('$')[4] === '1'
}

/** A text without any activation code that it may hold, in any form. */
export function hideActivationCodes(text: string, shown: string): string {
  return text.replaceAll(
    /(?:lpa(?::|%3A)\s*)?\b1(?:\$|%24)[\w.:-]+(?:\$|%24)[^\s"'<>\\]*|lpa(?::|%3A)1(?:\$|%24)[^\s"'<>\\]*/gi,
    shown,
  )
}

/** What a link carries as `carddata`; the text itself where it is no link; undefined where it has none. */
function cardDataOf(text: string): string | undefined {
  if (!/^https?:/i.test(text)) return text
  const data = /[?&#]carddata=([^&#\s]+)/i.exec(text)?.[1]
  if (data === undefined) return undefined
  try {
    return decodeURIComponent(data)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
