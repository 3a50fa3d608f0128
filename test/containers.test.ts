import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments, parse } from 'yaml'
import { serverRoles, settings } from '../src/config.ts'

const root = join(import.meta.dirname, '..')
const text = (path: string) => readFileSync(join(root, path), 'utf8')

const known = new Set(settings.map(({ name }) => name))

type Service = {
  image?: string
  build?: string
  command?: readonly string[]
  environment?: Record<string, string>
  volumes?: readonly string[]
  ports?: readonly string[]
  depends_on?: Record<string, unknown>
  read_only?: boolean
  cap_drop?: readonly string[]
}
type Compose = { services: Record<string, Service>; volumes?: Record<string, unknown> }

const isOurs = ({ image }: Service) => image?.startsWith('karcis:') === true

for (const file of ['compose.yaml', 'compose.full.yaml']) {
  const { services, volumes = {} } = parse(text(file), { merge: true }) as Compose

  test(`${file}: Karcis gets settings that there are, roles that there are, and no more rights than it needs`, () => {
    const ours = Object.values(services).filter(isOurs)
    assert.ok(ours.length > 0)
    for (const { environment = {}, command = [], read_only, cap_drop } of ours) {
      for (const name of Object.keys(environment)) assert.ok(known.has(name), `there is no setting ${name}`)
      const roles = command[0] === 'serve' && command[1] === '--roles' ? command[2]!.split(',') : []
      for (const role of roles) assert.ok((serverRoles as readonly string[]).includes(role), role)
      assert.ok(['serve', 'migrate', undefined].includes(command[0]), command[0])
      assert.equal(read_only, true)
      assert.deepEqual(cap_drop, ['ALL'])
    }
  })

  test(`${file}: what is mounted, waited for and depended on is there, and images are of a version`, () => {
    for (const [name, service] of Object.entries(services)) {
      for (const mount of service.volumes ?? []) {
        const [from] = mount.split(':') as [string]
        assert.ok(/^[./]/.test(from) ? existsSync(resolve(root, from)) : from in volumes, `${name} mounts ${from}`)
      }
      for (const other of Object.keys(service.depends_on ?? {}))
        assert.ok(other in services, `${name} waits for ${other}`)
      if (!isOurs(service)) assert.match(service.image ?? '', /:(?!latest$)[\w.-]*\d/, `${name} is ${service.image}`)
      for (const port of service.ports ?? []) {
        assert.ok(isOurs(service) || name === 'proxy' || port.startsWith('127.0.0.1:'), `${name} publishes ${port}`)
      }
    }
  })
}

test('every role of the full one runs, and the proxy and Prometheus find them', () => {
  const { services } = parse(text('compose.full.yaml'), { merge: true }) as Compose
  const running = Object.values(services).flatMap(({ command = [] }) =>
    command[1] === '--roles' ? command.slice(2) : [],
  )
  assert.deepEqual(new Set(running), new Set(serverRoles))
  const upstreams = [...text('ops/caddy/Caddyfile').matchAll(/([\w-]+):8080/g)].map(([, name]) => name!)
  assert.deepEqual(upstreams, ['live', 'payments', 'api-1', 'api-2'])
  for (const name of upstreams) assert.ok(name in services, name)
  const { scrape_configs } = parse(text('ops/prometheus/prometheus.yml')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[]
  }
  const targets = scrape_configs.flatMap((one) => one.static_configs.flatMap(({ targets }) => targets))
  assert.deepEqual(
    new Set(targets.map((target) => target.split(':')[0])),
    new Set([...upstreams, 'worker', 'node-exporter']),
  )
})

test('the image is made of files that there are, and of nothing that is private', () => {
  const copied = [...text('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
    paths!.split(' '),
  )
  assert.ok(copied.length > 5)
  const let_in = text('.dockerignore')
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? line.slice(1) : []))
  for (const path of copied) {
    assert.ok(existsSync(join(root, path)), path)
    assert.ok(
      let_in.some((one) => path === one || path.startsWith(`${one}/`)),
      `${path} is left out by .dockerignore`,
    )
  }
  // Everything is left out first.
  assert.match(text('.dockerignore'), /^(#.*\n)*\*\n/)
  for (const secret of ['.env', 'data', '.git']) assert.ok(!let_in.includes(secret))
})

test('the image has the Node that the packages bring', () => {
  const [, major] = /^ARG NODE_IMAGE=node:(\d+)-/m.exec(text('Dockerfile')) ?? []
  const { optionalDependencies } = JSON.parse(text('package.json')) as { optionalDependencies: Record<string, string> }
  for (const version of Object.values(optionalDependencies)) assert.equal(version.split('.')[0], major)
})

type Labels = Record<string, string>
type Manifest = {
  kind: string
  metadata?: { name: string }
  data?: Record<string, string>
  spec?: {
    selector?: { matchLabels?: Record<string, string> }
    ports?: readonly { targetPort: string }[]
    template?: { metadata: { labels: Labels }; spec: Pod }
    rules?: readonly { http: { paths: readonly { path: string; backend: { service: { name: string } } }[] } }[]
    scaleTargetRef?: { name: string }
  }
}
type Pod = {
  securityContext: Record<string, unknown>
  terminationGracePeriodSeconds?: number
  automountServiceAccountToken: boolean
  volumes: readonly { name: string }[]
  containers: readonly {
    args: readonly string[]
    ports?: readonly { name: string }[]
    volumeMounts: readonly { name: string }[]
    securityContext: Record<string, unknown>
    resources: { limits: { memory: string } }
    [probe: `${string}Probe`]: { httpGet: { path: string } }
  }[]
}

const folder = 'ops/kubernetes'
const manifestsOf = (overlay: string): Manifest[] => {
  const { resources } = parse(text(`${folder}/${overlay}/kustomization.yaml`)) as { resources: string[] }
  return resources.flatMap((name) =>
    name.endsWith('.yaml')
      ? parseAllDocuments(text(`${folder}/${overlay}/${name}`), { merge: true }).map((one) => one.toJS() as Manifest)
      : manifestsOf(name.replace('../', '')),
  )
}

for (const overlay of readdirSync(join(root, folder)).filter((name) => name !== 'base')) {
  const manifests = manifestsOf(overlay)
  const pods = manifests.flatMap(({ spec }) => spec?.template?.spec ?? [])
  const volumesOf = ({ volumes }: Pod) => new Set([...volumes.map(({ name }) => name), 'data'])

  test(`Kubernetes, ${overlay}: pods have few rights, bounds, and time to stop`, () => {
    const config = manifests.find(({ kind }) => kind === 'ConfigMap')!.data!
    for (const name of Object.keys(config)) assert.ok(known.has(name), `there is no setting ${name}`)
    assert.ok(pods.length > 0)
    for (const pod of pods) {
      assert.equal(pod.automountServiceAccountToken, false)
      assert.equal(pod.securityContext['runAsNonRoot'], true)
      assert.equal(pod.securityContext['runAsUser'], 10_001)
      const stop_ms = Number(config['DRAIN_MS']) + Number(config['SHUTDOWN_MS'])
      assert.ok((pod.terminationGracePeriodSeconds ?? 30) * 1_000 > stop_ms)
      for (const container of pod.containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        assert.ok(container.resources.limits.memory)
        for (const { name } of container.volumeMounts) assert.ok(volumesOf(pod).has(name), name)
      }
    }
  })

  test(`Kubernetes, ${overlay}: what is named is there`, () => {
    const named = (kind: string) => manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata!.name)
    const labels = manifests.flatMap(({ spec }) => (spec?.template ? [spec.template.metadata.labels] : []))
    const isPart = (part: Labels) =>
      labels.some((all) => Object.entries(part).every(([name, value]) => all[name] === value))
    const services = named('Service')
    for (const { kind, spec } of manifests) {
      const selector = (kind === 'Service' ? spec!.selector : spec?.selector?.matchLabels) as Labels | undefined
      if (selector) assert.ok(isPart(selector), `${kind} ${JSON.stringify(selector)}`)
      for (const { http } of spec?.rules ?? []) {
        for (const { backend } of http.paths) assert.ok(services.includes(backend.service.name), backend.service.name)
      }
      if (spec?.scaleTargetRef) assert.ok(named('Deployment').includes(spec.scaleTargetRef.name))
    }
    const run = pods
      .flatMap(({ containers }) => containers)
      .flatMap(({ args: [command, , roles = ''] }) => (command === 'serve' ? roles.split(',') : []))
    assert.deepEqual(new Set(run), new Set(serverRoles))
  })
}
