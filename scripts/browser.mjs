/** The browser of the tests: the one you name, the system's, Playwright's own, or Debian's, brought in when we may. */
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright'
import { run, say } from './house.mjs'

const named = process.env.CHROMIUM_PATH

/** The browser's path; undefined when there is none. A CHROMIUM_PATH that leads nowhere is not replaced. */
export function findBrowser() {
  return (named ? [named] : [...usual(), chromium.executablePath()]).find(runs)
}

/** Brings in Debian's browser where that takes no question: as root, with apt-get. */
export async function installBrowser() {
  const may = !named && process.getuid?.() === 0 && existsSync('/etc/debian_version')
  if (!may) return
  say('Installing the browser of the tests with apt-get')
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  if (await run('apt-get', ['update', '-qq'])) return
  if (await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])) return
  return findBrowser()
}

/** What to do when there is none. */
export function missingBrowser() {
  if (named) return `no browser at CHROMIUM_PATH, ${named}`
  return 'no browser: install Chromium or Chrome, or set CHROMIUM_PATH, or run pnpm exec playwright install chromium'
}

function usual() {
  const { PATH = '', PROGRAMFILES = '', LOCALAPPDATA = '' } = process.env
  switch (process.platform) {
    case 'darwin':
      return ['Google Chrome', 'Chromium'].map(name => `/Applications/${name}.app/Contents/MacOS/${name}`)
    case 'win32':
      return [PROGRAMFILES, LOCALAPPDATA].map(folder => join(folder, 'Google/Chrome/Application/chrome.exe'))
    default: {
      const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
      return names.flatMap(name => PATH.split(delimiter).map(folder => join(folder, name)))
    }
  }
}

/** @param {string} path */
function runs(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
