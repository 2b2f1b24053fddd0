/** Files are replaced whole or not at all, and what is wrong with one is said with its path. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tensor, useBackend, ValueError } from '@sensigrad/core'
import {
  FileError,
  loadCheckpoint,
  loadCsv,
  loadIdx,
  loadNpy,
  loadSafetensors,
  saveCheckpoint,
  saveNpy,
  saveSafetensors,
} from '@sensigrad/io'
import { cpu } from 'sensigrad'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

useBackend(cpu())

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensigrad-io-'))
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await rm(folder, { recursive: true })
})

const x = tensor([1, 2, 3])
const loaders = {
  loadSafetensors,
  loadNpy,
  loadCsv,
  loadIdx,
  loadCheckpoint: (path: string) => loadCheckpoint(path, {}),
}
const savers = {
  saveSafetensors: (path: string) => saveSafetensors(path, { x }),
  saveNpy: (path: string) => saveNpy(path, x),
  saveCheckpoint: (path: string) => saveCheckpoint(path, { step: 7 }),
}

test('what is saved in a file is loaded from it', async () => {
  const path = join(folder, 'a')
  await saveSafetensors(path, { x }, { note: 'ü' })
  const { tensors, metadata } = await loadSafetensors(path)
  expect([await tensors.x!.toArray(), metadata.note]).toEqual([[1, 2, 3], 'ü'])
  await saveNpy(path, x)
  expect(await (await loadNpy(path)).toArray()).toEqual([1, 2, 3])
  await saveCheckpoint(path, { step: 7 })
  expect({ ...(await loadCheckpoint(path, { step: 0 })) }).toEqual({ step: 7 })
  await writeFile(path, 'a;b\n1;2\n')
  expect((await loadCsv(path, { separator: ';' })).columns).toEqual(['a', 'b'])
  await writeFile(path, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 9))
  expect(await (await loadIdx(path)).toArray()).toEqual([9])
})

describe.each(Object.entries(savers))('%s', (name, save) => {
  test('leaves nothing beside the file', async () => {
    await save(join(folder, 'a'))
    await save(join(folder, 'a'))
    expect(await readdir(folder)).toEqual(['a'])
  })

  test('leaves everything as it was when it cannot write', async () => {
    await mkdir(join(folder, 'a'))
    await expect(save(join(folder, 'a'))).rejects.toThrow(FileError)
    await expect(save(join(folder, 'missing', 'a'))).rejects.toThrow(
      `${name}: ${join(folder, 'missing', 'a')}: there is no such file or folder. Check the path`,
    )
    expect(await readdir(folder)).toEqual(['a'])
    expect(await readdir(join(folder, 'a'))).toEqual([])
  })

  test('refuses what is no path', async () => {
    for (const path of ['', undefined, 7]) await expect(save(path as string)).rejects.toThrow(ValueError)
  })

  test('says where there are no files', async () => {
    vi.resetModules()
    vi.stubGlobal('process', undefined)
    const io = await import('@sensigrad/io')
    await expect(io.loadNpy('a')).rejects.toThrow(
      /^loadNpy: a: there is no file system here\. Use the function/,
    )
  })
})

test('a reader finds the old file or the new one, whole', async () => {
  const path = join(folder, 'a')
  const sizes = [1, 200_000]
  await saveNpy(path, tensor(new Float32Array(sizes[0]!)))
  let isWriting = true
  const reading = (async () => {
    const found = new Set<number>()
    while (isWriting) found.add((await loadNpy(path)).size)
    return found
  })()
  for (let i = 0; i < 10; i++) await saveNpy(path, tensor(new Float32Array(sizes[i % 2]!)))
  isWriting = false
  for (const size of await reading) expect(sizes).toContain(size)
})

test('what a failed encoding would replace stays', async () => {
  const path = join(folder, 'a')
  await saveNpy(path, x)
  const before = await readFile(path)
  await expect(saveSafetensors(path, { x: 7 as never })).rejects.toThrow(ValueError)
  expect(await readFile(path)).toEqual(before)
})

describe.each(Object.entries(loaders))('%s', (name, load) => {
  test('names the file that it refuses', async () => {
    const path = join(folder, 'a')
    await expect(load(path)).rejects.toThrow(
      `${name}: ${path}: there is no such file or folder. Check the path`,
    )
    await expect(load(folder)).rejects.toThrow(`${name}: ${folder}: this is no file. Give the path of a file`)
    await writeFile(path, '')
    await expect(load(path)).rejects.toThrow(`${name}: ${path}: `)
    await expect(load(path)).rejects.toMatchObject({ name: 'FileError', file: path, operation: name })
  })

  test('refuses what is no path', async () => {
    for (const path of ['', undefined, 7]) await expect(load(path as string)).rejects.toThrow(ValueError)
  })
})

test.runIf(process.platform === 'linux')('a device is no file', async () => {
  await expect(loadNpy('/dev/zero')).rejects.toThrow(/^loadNpy: \/dev\/zero: this is no file\. /)
})

test('a file without end is refused by its size, not read', async () => {
  const path = join(folder, 'a')
  await saveNpy(path, x)
  await truncate(path, (await stat(path)).size + 2 ** 20)
  await expect(loadNpy(path)).rejects.toThrow(/of shape \[3\] needs 12 bytes, and there are 1048588/)
})
