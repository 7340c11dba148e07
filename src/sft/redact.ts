import { hideActivationCodes } from './activation-code.ts'

const HIDDEN = '[hidden]'

/** Takes secrets out of text that may stand in an error or a trace. */
export type Redact = (text: string) => string

/**
 * Hides the known secrets, tokens in any form, and LPA activation codes with their parts, also in text
 * that was cut off within one.
 */
export function createRedact(secrets: () => readonly (string | undefined)[]): Redact {
  return text => {
    let shown = text
    for (const secret of secrets())
      if (secret !== undefined && secret.length > 0) shown = shown.replaceAll(secret, HIDDEN)
    return hideActivationCodes(shown, HIDDEN)
      .replaceAll(/eyJ[\w-]+(\.[\w-]*){0,2}/g, HIDDEN)
      .replaceAll(
        /("(?:\w*Token|password|textQrCode|matchingId|smDpPlusAdd?ress?)"\s*:\s*)("(?:[^"\\]|\\.)*"?)/gi,
        `$1"${HIDDEN}"`,
      )
  }
}

/** The first 300 characters of an answer, without secrets. */
export function excerptOf(text: string, redact: Redact): string {
  // Redacted before it is cut: half an activation code is still one. A bound first: patterns run out of stack.
  const shown = redact(text.trim().slice(0, 65_536)).trim()
  return shown === '' ? '(empty body)' : shown.slice(0, 300)
}
