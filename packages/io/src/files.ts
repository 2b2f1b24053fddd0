/** Files, where there is a file system: read whole, and replaced whole or not at all. */

import { describeValue, ValueError } from '@sensigrad/core'
import { FileError, type Source } from './file-error.ts'

interface FileHandle {
  stat(): Promise<{ readonly size: number }>
  read(into: Uint8Array, offset: number, length: number): Promise<{ readonly bytesRead: number }>
  writeFile(bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

interface FileSystem {
  open(path: string, flags: 'r' | 'wx'): Promise<FileHandle>
  stat(path: string): Promise<{ isFile(): boolean }>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { readonly force: true }): Promise<void>
}

interface Paths {
  dirname(path: string): string
}

interface Process {
  getBuiltinModule?(name: string): unknown
}

const process = (globalThis as { process?: Process }).process
const mostAtOnce = 2 ** 30 // systems read less than 2 GiB in one go

/** @throws FileError or ValueError when there is no file system, or no path */
function fileSystem(source: Source): { fs: FileSystem; paths: Paths; file: string } {
  const { operation, file } = source
  if (typeof file !== 'string' || file === '') {
    throw new ValueError(
      operation,
      `the path is ${describeValue(file)}`,
      "Give one, such as 'model.safetensors'",
    )
  }
  const fs = process?.getBuiltinModule?.('node:fs/promises') as FileSystem | undefined
  const paths = process?.getBuiltinModule?.('node:path') as Paths | undefined
  if (fs !== undefined && paths !== undefined) return { fs, paths, file }
  throw new FileError(
    source,
    'there is no file system here',
    'Use the function that takes or gives bytes (encode…, decode…), and fetch or download them',
  )
}

/**
 * All bytes of a file.
 *
 * @throws FileError when there is none, or it cannot be read
 */
export async function readFile(source: Source): Promise<Uint8Array> {
  const { fs, file } = fileSystem(source)
  try {
    const found = await fs.stat(file) // before it is opened: opening a pipe waits for a writer
    if (!found.isFile()) throw new FileError(source, 'this is no file', 'Give the path of a file')
    const handle = await fs.open(file, 'r')
    try {
      const { size } = await handle.stat() // of what was opened, which may have come in the place of the other
      const bytes = new Uint8Array(size)
      let at = 0
      for (let more = 1; more > 0; at += more) {
        more = (await handle.read(bytes, at, Math.min(bytes.length - at, mostAtOnce))).bytesRead
      }
      return bytes.subarray(0, at)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw failure(source, 'read', error)
  }
}

/**
 * Puts a file in the place of what is there: at every moment a reader, or who comes after a power cut, finds all of the
 * old one or all of the new one.
 *
 * @throws FileError when it cannot be written; then the old one is there
 */
export async function replaceFile(source: Source, bytes: Uint8Array): Promise<void> {
  const { fs, paths, file } = fileSystem(source)
  const folder = paths.dirname(file)
  const beside = `${folder}/.${crypto.randomUUID()}.tmp`
  try {
    const handle = await fs.open(beside, 'wx')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.rename(beside, file)
  } catch (error) {
    await fs.rm(beside, { force: true }).catch(() => {}) // the first error is the one to tell
    throw failure(source, 'written', error)
  }
  await syncFolder(fs, folder)
}

/** Lets the new name outlast a power cut, on systems where a folder can be asked to. */
async function syncFolder(fs: FileSystem, folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {} // Windows does it by itself
}

const reasons: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  ENOENT: ['there is no such file or folder', 'Check the path'],
  ENOTDIR: ['a part of the path is no folder', 'Check the path'],
  EISDIR: ['this is a folder', 'Give the path of a file'],
  EACCES: ['access is denied', 'Check its permissions'],
  ENOSPC: ['the disk is full', 'Make room'],
}

function failure(source: Source, done: string, error: unknown): FileError {
  if (error instanceof FileError) return error
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  const [problem, remedy] = reasons[code] ?? [
    `it cannot be ${done} (${message})`,
    'Check the path and the disk',
  ]
  return new FileError(source, problem, remedy, error)
}
