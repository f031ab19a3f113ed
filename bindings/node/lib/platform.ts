/** Names this platform, as the packages with the native half do. */
export function platform(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const libc = process.platform !== 'linux' ? '' : header.glibcVersionRuntime === undefined ? '-musl' : '-gnu'
  return `${process.platform}-${process.arch}${libc}`
}
