import { readFile } from 'node:fs/promises'
import { isMissing } from '../durable/files.ts'
import { PlainError } from '../plain-error.ts'

/** File systems of other machines: their locks and shared memory do not hold what a database needs. */
const OF_NETWORKS =
  /^(nfs\d?|cifs|smb\d?|smbfs|afs|coda|ceph|lustre|9p|ncpfs|ocfs2|gfs2?|gpfs|beegfs|vboxsf|prl_fs|davfs|fuse\.(sshfs|s3fs|glusterfs|rclone|gcsfuse|davfs2?|ceph|vmhgfs-fuse|cifs|nfs|smbnetfs|juicefs|goofys|blobfuse2?|mountpoint-s3|seaweedfs|moosefs|mfs))$/

/**
 * Throws where a file is on a file system of another machine, as far as that can be told: by the mounts on
 * Linux, by the name on Windows.
 */
export async function refuseNetworkFolder(path: string): Promise<void> {
  const kind = /^(\\\\|\/\/)[^?.\\/]/.test(path)
    ? 'a network share'
    : networkFileSystem(path, await mounts())
  if (kind === undefined) return
  throw new PlainError(
    `${path}: it is on ${kind}, where a database is not safe: locks and shared memory do not hold between machines; ` +
      'keep the ledger on a local disk, or name one with --ledger or SFT_LEDGER',
  )
}

async function mounts(): Promise<string> {
  try {
    return await readFile('/proc/self/mountinfo', 'utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}

/** The file system of a network that a file is on, by the mounts as Linux lists them; undefined: none. */
export function networkFileSystem(path: string, mountinfo: string): string | undefined {
  let longest = -1
  let type = ''
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = (before.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`)
    // Of two mounts in one place the later one is seen.
    if (point === '' || !isAbove || point.length < longest) continue
    longest = point.length
    type = after.split(' ')[0] ?? ''
  }
  return OF_NETWORKS.test(type) ? `a ${type} mount` : undefined
}
