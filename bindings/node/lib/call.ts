// The calls of operations.

/** What a call may have beside its request. */
export interface CallOptions {
  /**
   * Gives the call up if it has not begun: it then fails with the reason of the signal and has done nothing.
   * A call that has begun runs to its end.
   */
  signal?: AbortSignal | undefined
}
