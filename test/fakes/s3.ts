import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Settings } from '../../src/features/images/s3-files.ts'

/** What may go wrong with the next requests, each with one. */
export type Fault = 'error' | 'slow' | 'cut' | 'cut answer' | 'after' | 'none'

const settings = {
  bucket: 'pictures',
  region: 'ap-southeast-3',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const skew_ms_max = 15 * 60_000

/**
 * Storage that speaks as much S3 as is spoken to it, over real HTTP. It takes nothing that is not signed as AWS describes
 * it, and computes signatures by itself:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export async function fakeS3() {
  const kept = new Map<string, { bytes: Buffer; type: string | undefined }>()
  const asked: string[] = []
  const faults: Fault[] = []
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const fault = faults.shift() ?? 'none'
    asked.push(`${request.method} ${request.url}`)
    if (fault === 'slow') return
    if (fault === 'cut') return void response.destroy()
    if (fault === 'error') return void response.writeHead(500).end('<Error><Code>InternalError</Code></Error>')
    const refusal = whyUnsigned(request, body)
    if (refusal) return void response.writeHead(403).end(`<Error><Code>${refusal}</Code></Error>`)
    const name = request.url!.slice(`/${settings.bucket}/`.length)
    if (!request.url!.startsWith(`/${settings.bucket}/`)) {
      return void response.writeHead(404).end('<Error><Code>NoSuchBucket</Code></Error>')
    }
    if (request.method === 'PUT') kept.set(name, { bytes: body, type: request.headers['content-type'] })
    if (request.method === 'DELETE') kept.delete(name)
    // It was done, and nobody hears of it.
    if (fault === 'after') return void response.destroy()
    if (request.method === 'PUT') return void response.writeHead(200).end()
    if (request.method === 'DELETE') return void response.writeHead(204).end()
    const found = kept.get(name)
    if (!found) return void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    response.writeHead(200, { 'content-length': found.bytes.length })
    if (fault === 'cut answer') return void response.write(found.bytes.subarray(0, -1), () => response.destroy())
    response.end(found.bytes)
  }

  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    settings: { ...settings, endpoint: `http://127.0.0.1:${port}` } satisfies S3Settings,
    kept,
    asked,
    faults,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The code of S3's refusal; undefined for a request that is signed as it should be. */
function whyUnsigned({ method, url, headers }: IncomingMessage, body: Buffer): string | undefined {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/
  const [, key, day, region, signed, signature] = pattern.exec(headers.authorization ?? '') ?? []
  if (key !== settings.accessKeyId) return 'InvalidAccessKeyId'
  if (region !== settings.region) return 'AuthorizationHeaderMalformed'
  const at = String(headers['x-amz-date'])
  const time = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(time - Date.now()) < skew_ms_max) || at.slice(0, 8) !== day) return 'RequestTimeTooSkewed'
  const hash = createHash('sha256').update(body).digest('hex')
  if (headers['x-amz-content-sha256'] !== hash) return 'XAmzContentSHA256Mismatch'
  const names = signed!.split(';')
  const must = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  if (must.some((name) => !names.includes(name))) return 'AccessDenied'

  const [path, query = ''] = url!.split('?') as [string, string?]
  const canonical = [
    method,
    // Once encoded: S3 alone does not encode the path a second time.
    path.split('/').map((part) => encode(decodeURIComponent(part))).join('/'), // prettier-ignore
    query,
    ...names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    hash,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', at, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const hmac = (secret: string | Buffer, data: string) => createHmac('sha256', secret).update(data).digest()
  const signing = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, data) => hmac(secret, data),
    `AWS4${settings.secretAccessKey}`,
  )
  return hmac(signing, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch'
}

const encode = (part: string) =>
  encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
