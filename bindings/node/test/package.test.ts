// The packages as they are published, in an empty project, without a network.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

const HERE = join(__dirname, '../..')
const ROOT = join(HERE, '../..')
const TSC = join(HERE, 'node_modules/typescript/bin/tsc')

/** Returns the blocks of a document in this language. */
function blocks(file: string, language: string): string[] {
  const parts = readFileSync(file, 'utf8').split(`\`\`\`${language}\n`).slice(1)
  return parts.map((part) => part.split('```')[0] as string)
}

describe('the packages', () => {
  const project = mkdtempSync(join(tmpdir(), 'doorward-'))
  after(() => rmSync(project, { recursive: true }))

  before(() => {
    const made = join(project, 'made')
    const native = join(HERE, 'build/doorward.node')
    execFileSync(process.execPath, [join(HERE, 'package.mjs'), made, native], { stdio: 'pipe' })
    const archives = readdirSync(made).filter((name) => name.endsWith('.tgz'))
    assert.equal(archives.length, 2)
    packages = archives.map((name) => join(made, name))
    writeFileSync(join(project, 'package.json'), '{"private": true}')
    install(project, '--legacy-peer-deps')
  })

  let packages: string[]

  function install(project: string, ...more: string[]): void {
    const npm = process.env['npm_execpath'] ? [process.execPath, process.env['npm_execpath']] : ['npm']
    const options = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...more]
    const [program = '', ...rest] = [...npm, ...options, ...packages]
    execFileSync(program, rest, { cwd: project, stdio: 'pipe' })
  }

  test('a project has the oldest versions of the frameworks, and npm does not mind', () => {
    const older = join(project, 'older')
    const versions = { express: '4.0.0', fastify: '4.10.0', hono: '4.0.0', '@nestjs/common': '10.0.0' }
    const dependencies: Record<string, string> = {}
    for (const [name, version] of Object.entries(versions)) {
      mkdirSync(join(older, name), { recursive: true })
      writeFileSync(join(older, name, 'package.json'), JSON.stringify({ name, version }))
      dependencies[name] = `file:${name}`
    }
    writeFileSync(join(older, 'package.json'), JSON.stringify({ private: true, dependencies }))
    install(older, '--strict-peer-deps')
    const native = '@doorward'
    assert.ok(readdirSync(join(older, 'node_modules')).includes(native))
  })

  const [quickStart = ''] = blocks(join(HERE, 'README.md'), 'js')

  test('the quick start runs, as a module and as CommonJS, once and again', () => {
    const required = quickStart.replace(/^import (.*) from (.*)$/m, 'const $1 = require($2)')
    const programs = { 'start.mjs': quickStart, 'start.cjs': `(async () => {\n${required}\n})()` }
    assert.match(required, /= require\('doorward'\)/)
    for (const [name, program] of Object.entries(programs)) {
      writeFileSync(join(project, name), program)
      const run = spawnSync(process.execPath, [name], { cwd: project, encoding: 'utf8' })
      assert.equal(run.status, 0, run.stderr)
      assert.match(run.stdout, /^ada true$/m)
      assert.equal(run.stdout.includes('registered already'), name === 'start.cjs')
    }
  })

  for (const [runtime, ...options] of [['bun'], ['deno', 'run', '--allow-all', '--no-remote']] as const) {
    const program = join(HERE, 'programs/node_modules/.bin', runtime)
    test(
      `the quick start runs in ${runtime}`,
      { skip: !existsSync(program) && 'it is not installed' },
      () => {
        const name = `${runtime}.mjs`
        writeFileSync(join(project, name), quickStart.replace('sqlite:app.db', 'sqlite::memory:'))
        const run = spawnSync(program, [...options, name], { cwd: project, encoding: 'utf8' })
        assert.equal(run.status, 0, run.stderr)
        assert.match(run.stdout, /^ada true$/m)
      },
    )
  }

  test('the programs of the documents are accepted by the strict compiler', () => {
    const pages = ['node.md', 'second-factors.md'].flatMap((page) => blocks(join(ROOT, 'docs', page), 'ts'))
    const programs = [quickStart, ...blocks(join(ROOT, 'README.md'), 'js'), ...pages]
    assert.ok(programs.length > 5)
    const names = programs.map((program, index) => {
      // What a fragment uses without saying where it is from.
      const given = [
        "auth: import('doorward').Doorward",
        'username: string',
        'password: string',
        'code: string',
      ]
      const missing = given.filter((one) => !new RegExp(`const (\\{ )?${one.split(':')[0]}\\b`).test(program))
      const declared = missing.map((one) => `declare const ${one}\n`)
      writeFileSync(join(project, `program${index}.mts`), `${declared.join('')}${program}\nexport {}\n`)
      return `program${index}.mts`
    })
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck']
    // The frameworks are those of the tests.
    for (const name of ['@nestjs', '@types', 'express', 'fastify', 'hono']) {
      symlinkSync(join(HERE, 'node_modules', name), join(project, 'node_modules', name))
    }
    const run = spawnSync(process.execPath, [TSC, ...options, '--types', 'node', ...names], {
      cwd: project,
      encoding: 'utf8',
    })
    assert.equal(run.status, 0, run.stdout + run.stderr)
  })
})
