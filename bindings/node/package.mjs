// Makes the packages that are published: `node package.mjs FOLDER LIBRARY` for this platform, or for several
// at once `node package.mjs FOLDER PLATFORM=LIBRARY…`. The package doorward has no native half; it depends
// optionally on the others, of which npm installs the one that fits. Nothing runs when they are installed.

import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { platform as ownPlatform } from './build/lib/platform.js'

/** The platforms, with what package.json says of each. */
const PLATFORMS = {
  'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
  'linux-arm64-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'linux-arm64-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  'linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
}

const here = dirname(fileURLToPath(import.meta.url))
const [folder, ...libraries] = process.argv.slice(2)
const {
  devDependencies: _,
  prettier: __,
  ...main
} = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))

rmSync(folder, { recursive: true, force: true })
const optionalDependencies = {}
for (const argument of libraries) {
  const [library, platform = ownPlatform()] = argument.split('=').reverse()
  const name = `@doorward/${platform}`
  const { version, license, engines } = main
  const description = `The native half of doorward for ${platform}`
  const own = { name, version, description, license, engines, main: 'doorward.node' }
  pack(platform, { ...own, files: ['doorward.node', 'LICENSE-*'], ...PLATFORMS[platform] }, (to) => {
    copyFileSync(library, join(to, 'doorward.node'))
  })
  optionalDependencies[name] = version
}
pack('doorward', { ...main, optionalDependencies }, (to) => {
  cpSync(join(here, 'build', 'lib'), join(to, 'build', 'lib'), { recursive: true })
  copyFileSync(join(here, 'README.md'), join(to, 'README.md'))
})

/** Makes the archive of a package. */
function pack(name, description, fill) {
  const stage = join(folder, 'stage', name)
  mkdirSync(stage, { recursive: true })
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(description, undefined, 2)}\n`)
  for (const text of ['LICENSE-APACHE', 'LICENSE-MIT']) {
    copyFileSync(join(here, '../..', text), join(stage, text))
  }
  fill(stage)
  // npm of this Node, whatever the system has beside it.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  const options = ['pack', '--silent', '--pack-destination', resolve(folder)]
  execFileSync(npm[0], [...npm.slice(1), ...options], { cwd: stage, stdio: 'inherit' })
}
