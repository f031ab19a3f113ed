// Runs operations for a test of several languages: the configuration is the argument, each line of the input is
// {"operation": …, "request": …}, and each line of the output is {"status": …, "code": …, "response": …}.

import { createInterface } from 'node:readline'

import { Doorward } from 'doorward'

const auth = await Doorward.open(process.argv[2])
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, request } = JSON.parse(line)
  const text = typeof request === 'string' ? request : JSON.stringify(request ?? {})
  const { status, body } = await auth.callText(operation, text)
  const response = JSON.parse(body)
  process.stdout.write(`${JSON.stringify({ status, code: response.error?.code ?? null, response })}\n`)
}
await auth.close()
