import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertSupported } from './mysql.ts'

for (const version of [
  '8.0.16',
  '8.4.3',
  '9.7.4-2',
  '10.6.0-MariaDB',
  '10.11.19-MariaDB-0+deb12u1',
  '5.5.5-11.4.2-MariaDB-log',
]) {
  test(`${version} will do`, () => assert.doesNotThrow(() => assertSupported(version)))
}
for (const version of ['5.7.44', '8.0.15', '10.5.29-MariaDB', '5.5.5-10.3.1-MariaDB']) {
  test(`${version} is too old`, () => assert.throws(() => assertSupported(version), { name: 'StartupError' }))
}
