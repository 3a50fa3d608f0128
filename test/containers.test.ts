import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments, parse } from 'yaml'
import { serverRoles, settings } from '../src/config.ts'
import { ruleOf } from '../src/features/accounts/access.ts'
import { isMisdirected } from '../src/http/misdirected.ts'
import { series } from '../src/lib/series.ts'

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
  metadata?: { name: string; labels?: Labels }
  data?: Record<string, string>
  spec?: {
    selector?: { matchLabels?: Record<string, string> }
    ports?: readonly { targetPort: string }[]
    template?: { metadata: { labels: Labels }; spec: Pod }
    rules?: readonly { http: { paths: readonly { path: string; backend: { service: { name: string } } }[] } }[]
    scaleTargetRef?: { name: string }
    metrics?: readonly { pods?: { metric: { name: string } } }[]
  }
}
type Probe = { httpGet: { path: string; port: string } }
type Pod = {
  securityContext: Record<string, unknown>
  serviceAccountName: string
  terminationGracePeriodSeconds?: number
  automountServiceAccountToken: boolean
  volumes: readonly { name: string }[]
  containers: readonly {
    args: readonly string[]
    env?: readonly { name: string; valueFrom: { secretKeyRef: { key: string; optional?: boolean } } }[]
    envFrom: readonly { configMapRef?: { name: string } }[]
    ports?: readonly { name: string }[]
    volumeMounts: readonly { name: string }[]
    securityContext: Record<string, unknown>
    resources: { limits: { memory: string } }
    startupProbe?: Probe
    readinessProbe?: Probe
    livenessProbe?: Probe
  }[]
}

const folder = 'ops/kubernetes'
const manifestsOf = (overlay: string): Manifest[] => {
  const { resources, labels = [] } = parse(text(`${folder}/${overlay}/kustomization.yaml`)) as {
    resources: string[]
    labels?: { pairs: Labels }[]
  }
  const manifests = resources.flatMap((name) =>
    name.endsWith('.yaml')
      ? parseAllDocuments(text(`${folder}/${overlay}/${name}`), { merge: true }).map((one) => one.toJS() as Manifest)
      : manifestsOf(name.replace('../', '')),
  )
  for (const { pairs } of labels) {
    for (const { metadata } of manifests) {
      if (metadata) metadata.labels = { ...metadata.labels, ...pairs }
    }
  }
  return manifests
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
        const { startupProbe, readinessProbe, livenessProbe } = container
        if (container.args[0] === 'serve') assert.ok(startupProbe && readinessProbe && livenessProbe)
        for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
          if (probe) assert.ok(ruleOf('GET', probe.httpGet.path), probe.httpGet.path)
        }
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

test('a cluster starts with what the documentation applies first, and not without its database', () => {
  const manifests = manifestsOf('cluster')
  const [, components = ''] =
    /--selector 'app\.kubernetes\.io\/component in \(([^)]+)\)'/.exec(text('docs/deployment.md')) ?? []
  const first = manifests.filter(({ metadata }) =>
    components.split(', ').includes(metadata?.labels?.['app.kubernetes.io/component'] ?? ''),
  )
  const job = first.find(({ kind }) => kind === 'Job')!.spec!.template!.spec
  const isFirst = (kind: string, name: string) => first.some((one) => one.kind === kind && one.metadata?.name === name)
  assert.ok(isFirst('ServiceAccount', job.serviceAccountName))
  for (const { configMapRef } of job.containers[0]!.envFrom) {
    if (configMapRef) assert.ok(isFirst('ConfigMap', configMapRef.name))
  }
  assert.ok(!first.some(({ kind }) => kind === 'Deployment'))
  for (const { containers } of manifests.flatMap(({ spec }) => spec?.template?.spec ?? [])) {
    const database = containers[0]!.env?.find(({ name }) => name === 'DATABASE_URL')?.valueFrom.secretKeyRef
    assert.deepEqual(database, { name: 'karcis', key: 'DATABASE_URL' })
  }
})

test('proxies send each path to the role that serves it', () => {
  const rules = manifestsOf('cluster').flatMap(({ spec }) => spec?.rules ?? [])
  const ingress = rules.flatMap(({ http }) => http.paths.map(({ path, backend }) => [path, backend.service.name]))
  const caddy = [...text('ops/caddy/Caddyfile').matchAll(/^\t@(\w+) path (.+)$/gm)].flatMap(([, role, paths]) =>
    paths!.split(' ').map((path) => [path.replace('/*', ''), role]),
  )
  assert.ok(ingress.length > 2 && caddy.length > 2)
  for (const [path, role] of [...ingress, ...caddy]) {
    const roles = new Set(serverRoles.filter((one) => one === role))
    assert.ok(!isMisdirected(`${path}/`, roles), `${path} is not for ${role}`)
  }
})

test('the autoscaler goes by a metric that there is, of bookings alone', () => {
  const [wanted] = manifestsOf('cluster').flatMap(({ spec }) => spec?.metrics?.flatMap(({ pods }) => pods ?? []) ?? [])
  const { rules } = parse(text(`${folder}/cluster/prometheus-adapter.yaml`)) as {
    rules: { custom: { seriesQuery: string; name: { as: string }; metricsQuery: string }[] }
  }
  const rule = rules.custom.find(({ name }) => name.as === wanted!.metric.name)!
  assert.ok(rule.seriesQuery.replace(/_bucket\{.*/, '') in series, rule.seriesQuery)
  const selections = rule.metricsQuery.match(/<<\.Series>>\{[^}]*\}/g) ?? []
  assert.ok(selections.length > 0 && selections.every((one) => one.includes('queue="bookings"')))
})

test('what holds the secrets of a deployment is not committed', () => {
  const ignored = text('.gitignore').split('\n')
  for (const file of ['.env', '.env.*', 'secrets.env']) assert.ok(ignored.includes(file), file)
})
