// What hidden.ts says of each shape.

/** What the values of a shape hide. */
export interface Hidden {
  /** The value of the member `type`. */
  type?: string
  /** Whether no log may show anything of it. */
  isSecret?: boolean
  /** The members that no log shows. */
  secrets?: string[]
  /** The members that no client gets. */
  hostOnly?: string[]
  /** The shapes of members, or of the items of members. */
  within?: Record<string, string>
}
