import { isUtf8 } from 'node:buffer'
import type { Position } from '../model.ts'
import type { Problem } from './issue-log.ts'

/** A text, or why the bytes are none. */
export type Decoded =
  | { readonly text: string }
  | { readonly problem: Problem; readonly position?: Position }

/** Reads bytes as UTF-8, with or without a byte order mark. */
export function decodeText(path: string, bytes: Buffer): Decoded {
  const problem = findForeignBytes(bytes)
  if (problem !== undefined) return { problem }
  if (!isUtf8(bytes)) {
    return {
      problem: {
        code: 'FILE_ENCODING',
        message: 'the file is not UTF-8; this byte may be Latin-1 or Windows-1252',
        hint: 'save the file as UTF-8',
      },
      position: findFirstBadByte(path, bytes),
    }
  }
  return { text: new TextDecoder().decode(bytes) }
}

/** What the first bytes of a file give away: UTF-16, a spreadsheet, or no text at all. */
export function findForeignBytes(bytes: Buffer): Problem | undefined {
  const [first, second] = bytes
  const head = bytes.subarray(0, 64 * 1024)
  const zeros = countZeros(head)
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (marked || Math.max(zeros.even, zeros.odd) > head.length / 4) {
    return {
      code: 'FILE_ENCODING',
      message: 'the file is UTF-16, not UTF-8',
      hint: 'save the file as UTF-8; in a spreadsheet choose "CSV UTF-8", not "Unicode text"',
    }
  }
  if (head.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'))) {
    return {
      code: 'FILE_BINARY',
      message: 'the file is a ZIP archive or a spreadsheet, not text',
      hint: 'export it as CSV in UTF-8',
    }
  }
  if (zeros.even + zeros.odd > 0 || countControls(head) > head.length / 20) {
    return { code: 'FILE_BINARY', message: 'the file is not text', hint: 'remove the file' }
  }
  return undefined
}

function countZeros(bytes: Buffer): { readonly even: number; readonly odd: number } {
  let even = 0
  let odd = 0
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0) continue
    if (index % 2 === 0) even += 1
    else odd += 1
  }
  return { even, odd }
}

function countControls(bytes: Buffer): number {
  let count = 0
  for (const byte of bytes) {
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) count += 1
  }
  return count
}

function findFirstBadByte(path: string, bytes: Buffer): Position {
  let start = 0
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(0x0a, start)
    const part = bytes.subarray(start, end === -1 ? undefined : end)
    if (!isUtf8(part) || end === -1) {
      return { file: path, line, column: part.toString('utf8').indexOf('\uFFFD') + 1 }
    }
    start = end + 1
  }
}
