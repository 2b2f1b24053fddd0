/** Keeps the house in order: who may depend on whom, that core needs nobody, and that each file says why it exists. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/** All arrows there are. A package not named here has no place in the house. */
const arrows: Record<string, string[]> = {
  core: [],
  'backend-cpu': ['core'],
  'backend-wasm': ['core'],
  'backend-gpujs': ['core'],
  blas: ['core'],
  linalg: ['core'],
  io: ['core'],
  nn: ['core', 'linalg'],
  dynamics: ['core', 'linalg'],
  inspect: ['core', 'linalg', 'nn'],
  testing: ['core', 'nn'],
  sensigrad: ['core', 'nn', 'backend-cpu'],
  study: ['core', 'backend-cpu', 'backend-wasm', 'linalg', 'nn', 'dynamics', 'inspect', 'io', 'sensigrad'],
  bench: ['core', 'backend-cpu', 'backend-wasm', 'backend-gpujs', 'inspect', 'nn', 'study', 'sensigrad'],
}
/** The packages that may count on Node; all others run wherever JavaScript does. */
const onNode = ['study', 'bench']
const testTools = ['vitest', 'fast-check', '@fast-check/vitest']

const packages = fileURLToPath(new URL('../packages', import.meta.url))

test('every package has its place in the table of arrows', () => {
  expect(readdirSync(packages).sort()).toEqual(Object.keys(arrows).sort())
})

describe.each(Object.entries(arrows))('%s', (name, allowed) => {
  const {
    dependencies = {},
    peerDependencies = {},
    ...manifest
  } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'))
  const source = join(packages, name, 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => ({ file, text: readFileSync(join(source, file), 'utf8') }))

  test('declares only the packages that its arrows reach', () => {
    const declared = Object.keys({ ...dependencies, ...peerDependencies, ...manifest.devDependencies })
    expect(declared.filter(isOurs).filter(to => !allowed.map(published).includes(to))).toEqual([])
  })

  test('imports only what it declares', () => {
    const mayImport = (file: string, specifier: string) => {
      if (specifier.startsWith('.'))
        return !relative(source, resolve(source, file, '..', specifier)).startsWith('..')
      if (file.endsWith('.test.ts') && testTools.includes(specifier)) return true
      if (specifier.startsWith('node:')) return onNode.includes(name) || file.endsWith('.test.ts')
      return packageOf(specifier) in { ...dependencies, ...peerDependencies }
    }
    const strangers = files.flatMap(({ file, text }) =>
      importsOf(text)
        .filter(specifier => !mayImport(file, specifier))
        .map(specifier => `${file} → ${specifier}`),
    )
    expect(strangers).toEqual([])
  })

  test('says at the top of each file why it exists', () => {
    expect(files.filter(({ text }) => !/^\/\*\*(\n \*)? \S/.test(text)).map(({ file }) => file)).toEqual([])
  })
})

test('core needs nobody', () => {
  const manifest = JSON.parse(readFileSync(join(packages, 'core/package.json'), 'utf8'))
  expect(Object.keys(manifest).filter(key => /dependencies/i.test(key))).toEqual([])
})

function published(name: string) {
  return name === 'sensigrad' ? name : `@sensigrad/${name}`
}

function isOurs(dependency: string) {
  return dependency === 'sensigrad' || dependency.startsWith('@sensigrad/')
}

function importsOf(text: string) {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

function packageOf(specifier: string) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
