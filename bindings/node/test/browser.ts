// Drives Debian's Chromium by its protocol (https://chromedevtools.github.io/devtools-protocol/), through a
// pipe.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

type Members = Record<string, unknown>
type Waiting = { resolve: (result: Members) => void; reject: (error: Error) => void }
type Message = {
  id?: number
  method?: string
  params?: Members
  result?: Members
  error?: Members
  sessionId?: string
}

/** Whether there is a Chromium. */
export const hasChromium = spawnSync('chromium', ['--version']).status === 0

export class Browser {
  readonly #folder = mkdtempSync(join(tmpdir(), 'doorward-'))
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(message: Message) => void>()
  #last = 0
  #rest = ''

  constructor() {
    // The tests may run as root in a container, where the sandbox does not work.
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ]
    const own = ['--remote-debugging-pipe', `--user-data-dir=${this.#folder}`, '--window-size=1000,760']
    this.#process = spawn('chromium', [...options, ...own], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    })
    const answers = this.#process.stdio[4] as Readable
    answers.setEncoding('utf8').on('data', (part: string) => {
      const messages = (this.#rest + part).split('\0')
      this.#rest = messages.pop() as string
      for (const message of messages) this.#receive(JSON.parse(message) as Message)
    })
    answers.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Chromium ended'))
    })
  }

  send(method: string, params: Members = {}, sessionId?: string): Promise<Members> {
    this.#last += 1
    const id = this.#last
    const input = this.#process.stdio[3] as Writable
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener)
  }

  /** Opens a page that shares no cookies with others, and runs no scripts. */
  async open(url: string): Promise<Page> {
    const { browserContextId } = await this.send('Target.createBrowserContext')
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId })
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(this, sessionId as string)
    await page.send('Page.enable')
    await page.send('Log.enable')
    await page.send('Emulation.setScriptExecutionDisabled', { value: true })
    await page.go(url)
    return page
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    await this.send('Browser.close')
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #receive(message: Message): void {
    if (message.id === undefined) return this.#listeners.forEach((listener) => listener(message))
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error) waiting?.reject(new Error(JSON.stringify(message.error)))
    else waiting?.resolve(message.result ?? {})
  }
}

export class Page {
  /** What Chromium complains of, but for answers to wrong input. */
  readonly complaints: string[] = []
  #loaded: (() => void) | undefined

  constructor(
    readonly browser: Browser,
    readonly session: string,
  ) {
    browser.listen(({ method, params, sessionId }) => {
      if (sessionId !== session) return
      if (method === 'Page.loadEventFired') this.#loaded?.()
      const entry = params?.['entry'] as { source: string; text: string } | undefined
      if (method === 'Log.entryAdded' && entry?.source !== 'network')
        this.complaints.push(String(entry?.text))
    })
  }

  send(method: string, params: Members = {}): Promise<Members> {
    return this.browser.send(method, params, this.session)
  }

  go(url: string): Promise<void> {
    return this.#load(() => this.send('Page.navigate', { url }))
  }

  /** Fills in fields by their names, and presses a button by its text. */
  async press(button: string, fields: Record<string, string> = {}): Promise<void> {
    for (const [name, value] of Object.entries(fields)) {
      await this.evaluate(`document.querySelector('main [name=${name}]').value = ${JSON.stringify(value)}`)
    }
    const isIt = `(one) => one.textContent === ${JSON.stringify(button)}`
    const found = `[...document.querySelectorAll('button')].find(${isIt})`
    await this.#load(() => this.evaluate(`${found}.click()`))
  }

  /** Returns the text of the first element that fits. */
  text(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent.trim() ?? ''`)
  }

  async evaluate(expression: string): Promise<string> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value: string }).value
  }

  /** Keeps a picture for people. */
  async picture(file: string): Promise<void> {
    const { data } = await this.send('Page.captureScreenshot')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, Buffer.from(data as string, 'base64'))
  }

  /** Does something that loads another page, and waits for that. */
  async #load(act: () => Promise<unknown>): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve
    })
    await act()
    await loaded
  }
}
