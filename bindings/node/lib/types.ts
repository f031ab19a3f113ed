// Written by `make header` from the description of the library: do not edit.

/** The client's connection, where known. */
export interface Client {
  /**
   * A random id by which the host knows the device. On a device where the account logged in before, failures
   * elsewhere do not lock the user out.
   */
  device_id?: string | null
  /** The client's IP address; failures are counted for it. */
  ip?: string | null
  /** The `User-Agent` header, shown with the session; truncated after 512 characters. */
  user_agent?: string | null
}

/** Creates an account. */
export interface RegisterRequest {
  /** The name to log in with; RFC 8265 UsernameCaseMapped, without `@`. */
  username: string
  /** The password. The engine keeps only its Argon2id hash. */
  password: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** Other data that the host keeps with the account: at most 16 KiB. */
  attributes?: Record<string, unknown> | null
  /** The client's connection: too many registrations from one network address are refused. */
  client?: Client | null
  /** The e-mail address; required unless `registration.require_email` is off. */
  email?: string | null
  /** The language of mails to this user (BCP 47). */
  locale?: string | null
  /** The roles; default: `registration.default_roles`. */
  roles?: string[] | null
}

/** The public data of an account. A password hash never leaves the store. */
export interface User {
  /** The immutable id, `sub` in tokens. */
  id: string
  /** The username as it was given. */
  username: string
  /** The e-mail address as it was given, if there is one. */
  email: string | null
  /** Whether the user proved that the address is theirs. */
  email_verified: boolean
  /** Whether the account may log in. */
  is_active: boolean
  /** The roles, in alphabetical order. */
  roles: string[]
  /** Other data that the host keeps with the account. */
  attributes: Record<string, unknown>
  /** When the account was created, in Unix seconds. */
  created_at: number
  /** The host's own id of the account, if it has one. */
  external_id?: string
  /**
   * True for an account of `create_service_account`, which has API keys and cannot log in; otherwise absent.
   */
  is_service_account?: boolean
  /** The language of mails to this user, if one was chosen. */
  locale?: string
}

/** The new account. */
export interface RegisterResponse {
  /** The account. */
  user: User
  /**
   * A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs to
   * the browser that registered it. It is valid for a week; keep it in a cookie that scripts cannot read.
   * Absent without an address.
   */
  verification?: string
}

/** Finds one account. Give exactly one of `id`, `username`, `email`, `external_id`, `query`. */
export interface GetUserRequest {
  /** The account's e-mail address. */
  email?: string | null
  /** The host's own id of the account, to the letter. */
  external_id?: string | null
  /** The account's id. */
  id?: string | null
  /** The account's username or else its e-mail address. */
  query?: string | null
  /** Whether to return the account's state, for administrators; default: false. */
  status?: boolean | null
  /** The account's username. */
  username?: string | null
}

/** A lock that keeps guesses away from an account. */
export interface AccountLock {
  /**
   * The locked thing: `account` (logins by any name), `username` or `email` (logins by that name),
   * `second_factor` (codes of an authenticator app), `mail_code` (mailed codes; a mailed link is not locked).
   */
  of: string
  /**
   * Whether the lock applies only to one of the devices on which the account logged in before. Otherwise it
   * applies only to all other devices.
   */
  known_device: boolean
  /** The number of consecutive failures. */
  failures: number
  /**
   * When the lock ends. Absent if it lasts: after 100 consecutive failures, until an administrator unlocks
   * the account, its password is reset by mail, or, for codes of an app, the user proves another factor.
   */
  locked_until?: number
}

/** A mail that waits to be sent. */
export interface WaitingMail {
  /** The kind of mail. */
  kind: MailKind
  /** When the mail was written. */
  created_at: number
  /** The number of attempts to send the mail. */
  attempts: number
  /** Why the last attempt failed, if one did. */
  last_error?: string
}

/** The state of a password. */
export interface PasswordStatus {
  /** Whether a secret key seals the hash. */
  peppered: boolean
  /** When the password expires, if an administrator set it. */
  expires_at?: number
  /** The cost of its hash: `m=19456,t=2,p=1`. Absent if the hash cannot be read. */
  parameters?: string
  /** The scheme of its hash: `argon2id`, `bcrypt`, … Absent if the hash cannot be read. */
  scheme?: string
}

/** The second factors of an account. */
export interface SecondFactorStatus {
  /** Whether an authenticator app is active. */
  totp: boolean
  /** The number of passkeys. */
  passkeys: number
  /** The number of unused recovery codes. */
  recovery_codes: number
  /** Whether the account must have a second factor (`require_second_factor`). */
  required: boolean
}

/** The state of an account, for administrators: do not pass it on to the user or a browser. */
export interface AccountStatus {
  /**
   * The reasons why the right password, or the factor after it, would be refused now; empty if the account
   * itself gives none: `locked`, `no_password`, `sealed_by_unknown_key`, `password_hash_too_costly`,
   * `invalid_password_hash`, `inactive_user`, `temporary_password_expired`, `unverified_email`;
   * `second_factor_missing` (the account must have a second factor and has none); for codes of an app
   * `second_factor_locked`, `retired_seed`, `app_sealed_by_unknown_key`. A locked source is not listed,
   * because it belongs to no account.
   */
  obstacles: string[]
  /**
   * The names by which a login finds the account: `username`, and `email` if the account has claimed its
   * address.
   */
  found_by: string[]
  /** The locks in force. */
  locks: AccountLock[]
  /** Whether the next login by password requires a new password. */
  must_change_password: boolean
  /** Whether the account ever verified an address, the present one or an earlier one. */
  was_verified: boolean
  /**
   * Whether the user ever proved an address, by a mail or an ID token, not by an administrator's word. Until
   * then, an administrator may reclaim the account (`reclaim` of `update_user`).
   */
  has_proven: boolean
  /** Whether a login requires a verified address (`require_verified_email`). */
  verification_required: boolean
  /** The second factors. */
  second_factors: SecondFactorStatus
  /** The number of live sessions. */
  sessions: number
  /**
   * The providers whose ID tokens log in to the account: their names in the configuration, or else their
   * issuers.
   */
  identities: string[]
  /** The mails to the user that wait to be sent, the oldest first. */
  mails: WaitingMail[]
  /**
   * When a session was last opened, as far as sessions and the newest thousand events of the account show.
   */
  last_login_at?: number
  /** The password; absent if the account has none. */
  password?: PasswordStatus
}

/** The account. */
export interface GetUserResponse {
  /** The account. */
  user: User
  /** The account's state, if it was asked for. */
  status?: AccountStatus
}

/** Lists accounts in the order of their ids, which is that of their creation, to the millisecond. */
export interface ListUsersRequest {
  /** Only accounts after this id: `next` of the previous page. */
  after?: string | null
  /** Only active accounts, or only inactive ones. */
  is_active?: boolean | null
  /** Only service accounts, or only accounts of people. */
  is_service_account?: boolean | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
  /**
   * Only accounts that a lock keeps a user out of now (see `status` of `get_user`). One call compares up to
   * 20,000 accounts with the locks, so a page may have fewer accounts than `limit`, or none, and still a
   * `next`.
   */
  locked?: boolean | null
  /** Only accounts with this role. */
  role?: string | null
  /** The number of accounts to skip; not with `locked`. From 0 to 1000000000. */
  skip?: number | null
}

/** A page of accounts. */
export interface ListUsersResponse {
  /** The accounts. */
  users: User[]
  /** The id to give as `after` for the next page; absent if there is none. */
  next?: string
}

/** Conditions of a search. */
export interface UserFilters {
  /** Only accounts that were created at this time or later, in Unix seconds. */
  created_since?: number | null
  /** Only accounts that were created at this time or earlier, in Unix seconds. */
  created_until?: number | null
  /** Only accounts with a verified address, or only those without one. */
  email_verified?: boolean | null
  /** Only accounts that have an authenticator app or a passkey, or only those without both. */
  has_second_factor?: boolean | null
  /** Only active accounts, or only inactive ones. */
  is_active?: boolean | null
  /** Only service accounts, or only accounts of people. */
  is_service_account?: boolean | null
  /** Only accounts with this role. */
  role?: string | null
}

/** The order of a list of accounts. */
export type UserOrder = 'oldest' | 'newest' | 'username'

/** Searches accounts: for administrators. Everything that is given must be true of an account. */
export interface SearchUsersRequest {
  /**
   * Only accounts after this place: `next` of the previous page, with the same `text`, `filters` and `order`.
   */
  after?: string | null
  /** Further conditions. */
  filters?: UserFilters | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
  /** The order: `oldest` (default) or `newest` first, by creation; or `username`, by its canonical form. */
  order?: UserOrder | null
  /**
   * How the username, the e-mail address that the account has claimed, or the external id begins; at most 255
   * bytes. Names and addresses are compared by their canonical form, external ids to the letter. An empty
   * text is none.
   */
  text?: string | null
}

/** A page of the accounts found. */
export interface SearchUsersResponse {
  /**
   * The accounts. A page may have fewer than `limit`, or none, and still a `next`: if few accounts of many
   * are wanted, one call looks at up to 20,000, and at up to 20,000 that each index finds for the text.
   */
  users: User[]
  /** The place to give as `after` for the next page; absent if there is none. */
  next?: string
}

/** Changes an account. Members that are absent stay as they are. */
export interface UpdateUserRequest {
  /** The user's id. */
  id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** Roles to add; not with `roles`. */
  add_roles?: string[] | null
  /** The new attributes, which replace the old ones; `merge_attributes` changes single ones. */
  attributes?: Record<string, unknown> | null
  /**
   * The new address. It counts as unverified, unless it is the same to the letter or `email_verified` is
   * true.
   */
  email?: string | null
  /**
   * Whether the address counts as verified, because the caller checked it by other means. False makes tokens
   * void that were mailed before. Password, sessions and factors stay, even if another person set them up:
   * see `reclaim`. Refused if another account verified this address; an account that claims it unverified
   * loses the claim.
   */
  email_verified?: boolean | null
  /**
   * The host's own id of the account, which no other account has: 1 to 255 bytes without control characters,
   * compared to the letter. An empty text removes it.
   */
  external_id?: string | null
  /**
   * Whether the account may log in. Setting it to false ends the account's sessions; setting it to true also
   * unlocks an account that failed logins had locked.
   */
  is_active?: boolean | null
  /** The language of mails to this user. */
  locale?: string | null
  /** Whether the next login by password requires a new password. Sessions stay. */
  must_change_password?: boolean | null
  /**
   * With `email_verified`, for an account whose user never proved an address: removes everything that opened
   * it before, because another person may have made it: password, sessions, second factors, passkeys and
   * identities. An earlier `email_verified` by a caller is not such a proof. Default: false.
   */
  reclaim?: boolean | null
  /** Roles to remove, also from those added; not with `roles`. */
  remove_roles?: string[] | null
  /** The new roles, which replace the old ones. */
  roles?: string[] | null
  /**
   * Whether to unlock an account that failures had locked, for every name, on every device and for codes of
   * an app. Whether it may log in stays as it is.
   */
  unlock?: boolean | null
  /** The new name. */
  username?: string | null
}

/** An account. */
export interface UserResponse {
  /** The account. */
  user: User
}

/**
 * Changes single attributes of an account. The others stay, also if another caller changes them at the same
 * time.
 */
export interface MergeAttributesRequest {
  /** The user's id. */
  user_id: string
  /**
   * The changes, as a JSON Merge Patch (RFC 7396): a member that is `null` is removed, an object is merged
   * into the one that is there, and any other value, also a list, replaces what is there. The result has at
   * most 16 KiB.
   */
  patch: Record<string, unknown>
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** Locks an account: a privileged act. `update_user` with `is_active` opens it again. */
export interface LockUserRequest {
  /** The user's id. */
  user_id: string
  /** Why, for the audit log. */
  reason: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The account is locked. */
export interface LockUserResponse {
  /** The account. */
  user: User
  /** The number of sessions that ended. */
  revoked_sessions: number
}

/** Deletes an account and everything about it. */
export interface DeleteUserRequest {
  /** The user's id. */
  id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The account was deleted. */
export interface DeleteUserResponse {
  /** Always true. */
  deleted: boolean
}

/** What a problem with one account means for the others. */
export type OnConflict = 'fail' | 'skip'

/** A password that an account is known to have. */
export interface ImportCheck {
  /** The password. It is compared with the hash, and not kept. */
  password: string
}

/** A user of an identity provider. */
export interface ImportedIdentity {
  /** The user's id at the provider: `sub` of its ID tokens. */
  subject: string
  /** When the identity was linked to the account. Default: now. */
  created_at?: number | null
  /** The provider's issuer: `iss` of its ID tokens. */
  issuer?: string | null
  /** The provider's name in `id_token_providers`. Give it or `issuer`. */
  provider?: string | null
  /** When the identity was unlinked. It opens no account, and its address does not link it again. */
  unlinked_at?: number | null
}

/** A passkey of another system, for the same `passkeys.rp_id`. */
export interface ImportedPasskey {
  /** The credential's id. */
  id: string
  /**
   * The public key, for ES256, EdDSA or RS256: a COSE_Key or a SubjectPublicKeyInfo (DER), in base64url
   * without padding.
   */
  public_key: string
  /** The model of authenticator, a UUID. Default: unknown. */
  aaguid?: string | null
  /** Whether the passkey is on several devices. Default: false. */
  backed_up?: boolean | null
  /** Whether the passkey may be on several devices. Default: what the authenticator says at the first use. */
  backup_eligible?: boolean | null
  /** When the passkey was registered. Default: now. */
  created_at?: number | null
  /** The user's name for the passkey: 1 to 64 characters. */
  label?: string | null
  /** When the passkey was last used. */
  last_used_at?: number | null
  /** The last value of the authenticator's counter. Default: 0. */
  sign_count?: number | null
  /** The transports that reach its authenticator. */
  transports?: string[] | null
  /** The user handle that the other system gave to the authenticator. Default: the bytes of the user's id. */
  user_handle?: string | null
  /**
   * Whether the authenticator verified its user before. Without it the passkey is only a second factor.
   * Default: false.
   */
  user_verified?: boolean | null
}

/** An authenticator app (RFC 6238) of another system. Codes that it showed until the import are used up. */
export interface ImportedTotp {
  /** The hash: only `SHA1`, which every app supports. Default: what the URI says, or else `SHA1`. */
  algorithm?: string | null
  /** When the app was set up. Default: now. */
  created_at?: number | null
  /** The number of digits of a code: 6 to 8. Default: what the URI says, or else 6. */
  digits?: number | null
  /** The URI by which the app was set up: `otpauth://totp/…`. */
  otpauth_uri?: string | null
  /** How long a code is shown: 15 to 300 seconds. Default: what the URI says, or else 30. */
  period_seconds?: number | null
  /** The secret in base32. Give it or `otpauth_uri`. */
  secret?: string | null
}

/**
 * An account of another system. A fault in it is reported as a problem of the account and does not refuse the
 * request. An empty `id`, `username`, `email`, `password_hash`, `locale` or `external_id` means none.
 */
export interface ImportedUser {
  /** Other data that the host keeps with the account: at most 16 KiB. */
  attributes?: Record<string, unknown> | null
  /** A password to compare with the hash, in a dry run, too. An import has at most 20 of them. */
  check?: ImportCheck | null
  /** When the account was created, in Unix seconds. Default: now. */
  created_at?: number | null
  /** The e-mail address. */
  email?: string | null
  /**
   * Whether no other account may claim the address before it verified it. Default: true, unless
   * `registration.conceal_existing` is on. A verified address is always claimed.
   */
  email_claimed?: boolean | null
  /**
   * Whether the user proved an address to an engine of this kind, so that a reset by mail leaves identities
   * alone. Default: false.
   */
  email_proven?: boolean | null
  /** Whether the other system had proof that the address belongs to the user. */
  email_verified?: boolean | null
  /**
   * Whether an address of the account was verified before, though `email_verified` is false. Default: false.
   */
  email_was_verified?: boolean | null
  /**
   * The host's own id of the account, which no other account has: 1 to 255 bytes without control characters.
   */
  external_id?: string | null
  /** The id, which becomes `sub`: a UUID of any version, in lower case with hyphens. Default: a new one. */
  id?: string | null
  /** The users of identity providers that log in to the account. */
  identities?: ImportedIdentity[]
  /** Whether the account may log in; default: true. */
  is_active?: boolean | null
  /** Whether the account is a program's, without an address and a way to log in; default: false. */
  is_service_account?: boolean | null
  /** The language of mails to this user (BCP 47). */
  locale?: string | null
  /** Whether the next login by password requires a new password; default: false. */
  must_change_password?: boolean | null
  /** The passkeys. */
  passkeys?: ImportedPasskey[]
  /** When the password expires; it must be changed before then. */
  password_expires_at?: number | null
  /** The hash of the other system. Without it the account has no password until one is set. */
  password_hash?: string | null
  /** When the password was set. Default: now. */
  password_set_at?: number | null
  /** The hashes of earlier passwords that may not be chosen again (`password.history`), the newest first. */
  past_password_hashes?: string[] | null
  /** The same of an export of an engine with this secret key, for the same `id`. */
  recovery_code_hashes?: string[] | null
  /**
   * Recovery codes as the user has them: each 8 or more ASCII letters and digits, and with spaces and hyphens
   * at most 64. The store keeps only keyed codes of them.
   */
  recovery_codes?: string[] | null
  /** The roles; default: `registration.default_roles`, and none for a service account. */
  roles?: string[] | null
  /**
   * When all tokens of the account were last revoked: what a backend issued until then opens nothing.
   * Default: when an account of this store with the same `id` was deleted, if the log still says so.
   */
  tokens_revoked_at?: number | null
  /** The authenticator app. */
  totp?: ImportedTotp | null
  /** The name to log in with. Default: an invented one, for an account with an address. */
  username?: string | null
}

/** Creates accounts with the password hashes of another system. */
export interface ImportUsersRequest {
  /** The accounts, in the order in which they are tried; at most 10,000. */
  users: ImportedUser[]
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** Whether to create nothing and only report. */
  dry_run?: boolean | null
  /**
   * The effect of a problem with one account on the others: `fail`, the default, imports nothing; `skip`
   * imports the others.
   */
  on_conflict?: OnConflict | null
}

/** A reason why an account cannot be imported. */
export interface ImportProblem {
  /** The account's place in `users`, counted from 0. */
  index: number
  /**
   * The problem: `invalid_id`, `id_taken` (in the store), `id_repeated` (in the request), `missing_username`
   * (and no address that could stand for it), `invalid_username`, `username_taken`, `username_repeated`,
   * `invalid_email`, `missing_email` (but said to be verified), `email_taken`, `email_repeated`,
   * `email_not_verified` (but the account has a second factor or an identity), `invalid_password_hash`,
   * `password_hash_too_costly`, `password_mismatch` (of `check`), `invalid_roles`, `invalid_attributes`,
   * `invalid_locale`, `invalid_time`, `invalid_external_id`, `external_id_taken`, `external_id_repeated`,
   * `invalid_totp`, `invalid_recovery_codes`, `recovery_codes_taken`, `recovery_codes_repeated`,
   * `invalid_identities`, `identity_taken`, `identity_repeated`, `invalid_passkeys`, `passkey_taken`,
   * `passkey_repeated`, `invalid_service_account`.
   */
  code: string
  /**
   * What was expected, or what a password hash that is refused seems to be, where the code alone does not say
   * it. It quotes nothing of the account but the cost of a hash.
   */
  reason?: string
}

/** The result of the import; with `dry_run`, the result that it would have. */
export interface ImportUsersResponse {
  /** The number of accounts created. */
  imported: number
  /** The number of accounts not imported because of a problem. */
  skipped: number
  /**
   * The number of accounts that exist already with the same name, kind, address, roles, attributes, language
   * and external id, and the same id if one is given. They are left alone and are not problems. Passwords and
   * second factors are not compared, because their users may have changed them.
   */
  present: number
  /** The problems, in the order of the accounts. */
  problems: ImportProblem[]
  /**
   * The number of hashes by scheme among the new accounts without problems. Until they are upgraded, they
   * decide what logins cost.
   */
  hashes: Record<string, number>
}

/** Reads accounts for a move to another engine or another system, in the order of their ids. */
export interface ExportUsersRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** Only accounts after this id: `next` of the previous page. */
  after?: string | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
  /** Whether to return second factors with their secrets, passkeys and identities; default: false. */
  with_factors?: boolean | null
  /** Whether to return the hashes of passwords; default: false. */
  with_hashes?: boolean | null
}

/** A user of an identity provider. */
export interface PortableIdentity {
  /** The provider's issuer: `iss`. */
  issuer: string
  /** The user's id at the provider: `sub`. */
  subject: string
  /** When the identity was linked to the account. */
  created_at: number
  /** When the identity was unlinked. */
  unlinked_at?: number
}

/** A passkey with its public key. */
export interface PortablePasskey {
  /** The credential's id. */
  id: string
  /** The public key: a COSE_Key. */
  public_key: string
  /** The last value of the authenticator's counter. */
  sign_count: number
  /** Whether the authenticator verified its user before. */
  user_verified: boolean
  /** Whether the passkey is on several devices. */
  backed_up: boolean
  /** The transports that reach its authenticator. */
  transports: string[]
  /** The model of authenticator. */
  aaguid: string
  /** When the passkey was registered. */
  created_at: number
  /** Whether the passkey may be on several devices, if known. */
  backup_eligible?: boolean
  /** The user's name for the passkey. */
  label?: string
  /** When the passkey was last used. */
  last_used_at?: number
  /** The user handle, if it is not the bytes of the user's id. */
  user_handle?: string
}

/** An authenticator app with its secret. */
export interface PortableTotp {
  /** The secret in base32. */
  secret: string
  /** The number of digits of a code. */
  digits: number
  /** How long a code is shown. */
  period_seconds: number
  /** When the app was set up. */
  created_at: number
}

/** An account in the form of `import_users`. What is absent is as an import has it by default. */
export interface PortableUser {
  /** The immutable id, `sub` in tokens. */
  id: string
  /** The username as it was given. */
  username: string
  /** The e-mail address as it was given, if there is one. */
  email: string | null
  /** Whether the user proved that the address is theirs. */
  email_verified: boolean
  /** Whether the account may log in. */
  is_active: boolean
  /** The roles, in alphabetical order. */
  roles: string[]
  /** Other data that the host keeps with the account. */
  attributes: Record<string, unknown>
  /** When the account was created, in Unix seconds. */
  created_at: number
  /** False if the address is not claimed: another account may have it. */
  email_claimed?: boolean
  /** Whether the user proved an address. */
  email_proven?: boolean
  /** Whether an address was verified before, though the present one is not. */
  email_was_verified?: boolean
  /** The host's own id of the account, if it has one. */
  external_id?: string
  /** The users of identity providers that log in to the account, or did. */
  identities?: PortableIdentity[]
  /**
   * True for an account of `create_service_account`, which has API keys and cannot log in; otherwise absent.
   */
  is_service_account?: boolean
  /** The language of mails to this user, if one was chosen. */
  locale?: string
  /** Whether the next login by password requires a new password. */
  must_change_password?: boolean
  /** The passkeys. */
  passkeys?: PortablePasskey[]
  /** When the password expires. */
  password_expires_at?: number
  /** The hash of the password, without the pepper. Absent if no secret key opens it. */
  password_hash?: string
  /** When the password was set. */
  password_set_at?: number
  /** The hashes of earlier passwords, the newest first. */
  past_password_hashes?: string[]
  /** What the store keeps of the recovery codes. Only an engine with the same secret key can verify them. */
  recovery_code_hashes?: string[]
  /** When all tokens of the account were last revoked. */
  tokens_revoked_at?: number
  /** The authenticator app. Absent if no secret key opens its secret. */
  totp?: PortableTotp
}

/** A page of accounts. */
export interface ExportUsersResponse {
  /** The accounts. Those that wait for the reader of an invitation are left out. */
  users: PortableUser[]
  /** The id to give as `after` for the next page; absent if there is none. */
  next?: string
}

/** Reads everything that the store keeps about a person. */
export interface ExportUserRequest {
  /** The user's id. */
  id: string
  /** Only sessions and events after this id: `next` of the previous page. */
  after?: string | null
}

/** An API key, without the key itself. */
export interface ApiKey {
  /** The key's id. */
  id: string
  /** The id of its account. */
  user_id: string
  /** The owner's name for the key. */
  name: string
  /** The first characters of the key, by which its owner recognizes it. */
  beginning: string
  /** The backend that the key is for. */
  backend: string
  /** The scopes. */
  scopes: string[]
  /** When the key was created. */
  created_at: number
  /** When the key expires; absent if it does not. */
  expires_at?: number
  /** When the key was last used, to the minute; absent if it never was. */
  last_used_at?: number
  /** The roles of its account that the key has; absent if it has all of them. */
  roles?: string[]
}

/** An event of the audit log. */
export interface Event {
  /** The event's id; ids are ordered by time. */
  id: string
  /** When the event happened, in Unix seconds. */
  at: number
  /** The kind of event. */
  kind: EventKind
  /** The actor that the host named, if it was not the account itself. */
  actor?: string
  /**
   * Details, by kind: the reason, the backend, the names of the changed fields. They are for the host only.
   */
  detail?: string
  /** The client's IP address, if the host gave it; forgotten with the account. */
  ip?: string
  /** The session's id. */
  session_id?: string
  /** The account's id, if the event concerns an account. */
  user_id?: string
}

/** Canonical forms (RFC 8265 UsernameCaseMapped; the address folded, its domain as an A-label). */
export interface Identifiers {
  /** The form of the username. */
  username: string
  /** The form of the address, if the account has claimed it. */
  email?: string
}

/** An identity at a provider of ID tokens. */
export interface ExportedIdentity {
  /** The provider's issuer: `iss`. */
  issuer: string
  /** The user's id at the provider: `sub`. */
  subject: string
  /** When the identity was linked to the account. */
  created_at: number
}

/** An invitation to an organization. */
export interface Invitation {
  /** The invitation's id. */
  id: string
  /** The organization's id. */
  organization_id: string
  /** The address as it was given. */
  email: string
  /** The roles that the member gets in the organization, in alphabetical order. */
  roles: string[]
  /** When the invitation was made. */
  created_at: number
  /** When the invitation expires. */
  expires_at: number
  /** The member who invites, if the request named one. */
  invited_by?: string
}

/** A mail in the outbox. */
export interface ExportedMail {
  /** The kind of mail. */
  kind: MailKind
  /** When the mail was written. */
  created_at: number
  /** When the mail is no longer worth sending. */
  expires_at: number
}

/** A mailed token or a challenge, without the secret. */
export interface ExportedSecret {
  /** The secret's purpose. */
  purpose: string
  /** When the secret was made. */
  created_at: number
  /** When the secret expires. */
  expires_at: number
}

/** The membership in an organization. */
export interface ExportedMembership {
  /** The organization's id. */
  organization_id: string
  /** The organization's name. */
  name: string
  /** The roles in the organization, in alphabetical order. */
  roles: string[]
  /** When the account became a member. */
  created_at: number
}

/** A passkey, for its user's own list. */
export interface Passkey {
  /** The credential's id. */
  id: string
  /** When the passkey was registered. */
  created_at: number
  /** Whether the passkey may be on several devices, because it is synchronized. */
  backup_eligible: boolean
  /** Whether the passkey is on several devices now, as far as known. */
  backed_up: boolean
  /** The transports that reach its authenticator: `internal`, `hybrid`, `usb`, `nfc`, `ble`, … */
  transports: string[]
  /** The model of authenticator, if it tells; not verified. */
  aaguid: string
  /** The name of that model in `passkeys.authenticator_names`. */
  authenticator?: string
  /** The user's name for the passkey. */
  label?: string
  /** When the passkey was last used. */
  last_used_at?: number
}

/** An authenticator app. */
export interface ExportedTotp {
  /** When the app was set up. */
  created_at: number
  /** When the app was activated. */
  confirmed_at?: number
}

/** The person who acts in a session as its user (RFC 8693 section 4.1). */
export interface Act {
  /** The id of the person's own account. */
  sub: string
}

/**
 * A login at an identity provider, and what the provider says about it. The engine concludes nothing from it.
 */
export interface ProviderLogin {
  /** The provider's name in `id_token_providers`. */
  name: string
  /** The authentication context class (OpenID Connect Core section 2). */
  acr?: string
  /** The authentication methods (RFC 8176). */
  amr?: string[]
  /** When the user authenticated at the provider, in Unix seconds. */
  auth_time?: number
}

/** A session as the store keeps it. */
export interface ExportedSession {
  /** The session's id: `sid` in tokens. */
  id: string
  /** The backend that its tokens are for. */
  backend: string
  /** The methods by which the user authenticated (RFC 8176). */
  amr: string[]
  /** When the session was opened. */
  created_at: number
  /** When the session was last refreshed, or else opened. */
  refreshed_at: number
  /** When the session ends or ended, unless it is refreshed or revoked. */
  expires_at: number
  /** The person who acts or acted as the user in this session, if it is not the user's own. */
  act?: Act
  /**
   * The host's own claims in its tokens. Left out if no secret key opens them: one that sealed them was
   * removed.
   */
  claims?: Record<string, unknown>
  /** The device that opened the session. */
  device_id?: string
  /** The longest time without a refresh, if the login gave a shorter one than the backend's. */
  idle_seconds?: number
  /** The IP address that opened the session. */
  ip?: string
  /** The label, if the session has one. */
  label?: string
  /** The organization that the session is in, if the login was for one. */
  organization_id?: string
  /** Whether the session outlasts the browser, if the login said so. */
  persistent?: boolean
  /** The login at an identity provider that opened the session, if one did. */
  provider?: ProviderLogin
  /** When the session was revoked. */
  revoked_at?: number
  /** The scopes of its tokens. */
  scope?: string
  /** The `User-Agent` that opened the session. */
  user_agent?: string
}

/** A device that its user trusts, for the user's own list. */
export interface TrustedDevice {
  /** The device's id. */
  id: string
  /** When the device was trusted. */
  created_at: number
  /** When the trust ends. */
  expires_at: number
  /** When the device last took the place of a second factor. */
  last_used_at?: number
  /** The `User-Agent` of the login that trusted it. */
  user_agent?: string
}

/** Everything that the store keeps about a person, without secrets; one page of sessions and events. */
export interface ExportUserResponse {
  /** The account. */
  user: User
  /** The canonical forms by which the account's name and address are compared. */
  identifiers: Identifiers
  /** Whether the next login by password requires a new password. */
  must_change_password: boolean
  /** The number of earlier passwords of which the store keeps the hashes (`password.history`). */
  past_passwords: number
  /** The identities of ID token providers that log in to the account. */
  identities: ExportedIdentity[]
  /** The mails that wait to be sent, without their content (the address and a token). */
  mails: ExportedMail[]
  /** The number of unused recovery codes. */
  recovery_codes: number
  /** The mailed tokens and challenges that can still be redeemed or are not yet forgotten. */
  one_time_secrets: ExportedSecret[]
  /** The passkeys. */
  passkeys: Passkey[]
  /** The API keys, without the keys themselves, with those that expired and are not yet forgotten. */
  api_keys: ApiKey[]
  /** The organizations of which the user is a member. */
  organizations: ExportedMembership[]
  /** The invitations to organizations, with those that expired and are not yet forgotten. */
  invitations: Invitation[]
  /** The devices that the user trusts, with those that expired and are not yet forgotten. */
  trusted_devices: TrustedDevice[]
  /** When each known device of the user will be forgotten. The store does not keep which device it is. */
  known_devices: number[]
  /** The sessions, the oldest first, with those that ended and are not yet forgotten. */
  sessions: ExportedSession[]
  /** The account's events in the audit log, the oldest first. */
  events: Event[]
  /** The id to give as `after` for the next page of sessions and events; absent if there is none. */
  next?: string
  /** When the password expires, if an administrator set it. */
  password_expires_at?: number
  /** The scheme of the password's hash, if there is a password. The hash stays in the store. */
  password_scheme?: string
  /** When the password was set. */
  password_set_at?: number
  /** The authenticator app that is set up and not confirmed, without its secret. */
  pending_totp?: ExportedTotp
  /** The authenticator app without its secret, if one is in use. */
  totp?: ExportedTotp
}

/** Hashes a password. */
export interface HashPasswordRequest {
  /** The password, not longer than `password.max_bytes`. The policy for new passwords does not apply. */
  password: string
}

/** A password hash. */
export interface HashPasswordResponse {
  /** Argon2id in PHC string format. */
  hash: string
}

/** Verifies a password against a hash. */
export interface VerifyPasswordRequest {
  /** The password. */
  password: string
  /**
   * The hash: Argon2, bcrypt, scrypt, PBKDF2 or an older one in the form of the system that made it
   * (docs/imports.md).
   */
  hash: string
}

/** The result of the verification. */
export interface VerifyPasswordResponse {
  /**
   * Whether the hash is of this password. False for a malformed hash and for one whose cost is out of bounds.
   */
  valid: boolean
  /** Whether the password should be hashed again with the present cost. */
  needs_rehash: boolean
}

/** Judges a password that a user may choose. The engine keeps and counts nothing. */
export interface CheckPasswordRequest {
  /** The password. */
  password: string
  /** Words that an attacker would try first, such as the user's names: at most 100. */
  user_inputs?: string[] | null
}

/** A reason why a password is too weak. */
export type PasswordWeakness =
  | 'too_short'
  | 'too_long'
  | 'invalid_characters'
  | 'common'
  | 'repetition'
  | 'sequence'
  | 'date'
  | 'contains_username'
  | 'contains_email'
  | 'contains_issuer'
  | 'contains_user_input'
  | 'easily_guessed'
  | 'breached'
  | 'same_as_old'
  | 'used_before'

/** The policy's verdict on a password. */
export interface CheckPasswordResponse {
  /** Whether the password may be chosen. */
  acceptable: boolean
  /** How hard the password is to guess, from 0 to 4 (zxcvbn): for a meter beside the field. */
  score: number
  /** Why the password may not be chosen; they may be shown to the user. */
  reasons: PasswordWeakness[]
}

/** Changes a password for a user who knows the old one. `token` or `user_id` names the user. */
export interface ChangePasswordRequest {
  /** The present password; a wrong one counts as a failed login. */
  old_password: string
  /** The new password. */
  new_password: string
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /** The client's connection, where known. */
  client?: Client | null
  /** A live access token of the user. */
  token?: string | null
  /** The user's id, if the host has authenticated the user. */
  user_id?: string | null
}

/** The password was changed and every session ended, the caller's included: log in again. */
export interface ChangePasswordResponse {
  /** The number of sessions that ended. */
  revoked_sessions: number
}

/**
 * Sets a user's password without the old one: a privileged act. It ends every session and unlocks an account
 * that failed logins had locked.
 */
export interface SetPasswordRequest {
  /** The user's id. */
  user_id: string
  /**
   * The new password. It is not compared with the present and earlier ones, so the caller learns nothing
   * about these.
   */
  new_password: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /**
   * Whether the user must change it at the next login, within `password.temporary_seconds`; default: true, so
   * that only the user knows the next password.
   */
  temporary?: boolean | null
}

/**
 * The life of a session, if it is to be shorter than the configuration allows. ``` use
 * doorward::{LoginRequest, SessionLifetime}; let on_a_shared_computer =
 * SessionLifetime::new().absolute_seconds(3600).persistent(false); let request = LoginRequest::new("ada",
 * "eight wise words").lifetime(on_a_shared_computer); ```
 */
export interface SessionLifetime {
  /**
   * When the session ends, however often it is refreshed: at most after `session_max_seconds`. Default: then.
   */
  absolute_seconds?: number | null
  /**
   * How long an unused refresh token is valid: at most as long as the backend's (`refresh_token_seconds`).
   * Default: as long.
   */
  idle_seconds?: number | null
  /**
   * Whether the user stays logged in when the browser is closed. The engine keeps it and repeats it in each
   * response with tokens of the session; with `false` the host sets cookies without `Max-Age`.
   */
  persistent?: boolean | null
}

/** AuthenticatorAssertionResponseJSON: the members that the engine reads. */
export interface AssertionResponse {
  /** The client data that the browser made. */
  clientDataJSON: string
  /** The authenticator's data. */
  authenticatorData: string
  /** The authenticator's signature over both. */
  signature: string
  /** The user handle of the credential. */
  userHandle?: string | null
  /** Other members. */
  [name: string]: unknown
}

/** The type of a credential. */
export type CredentialType = 'public-key'

/** AuthenticationResponseJSON (section 5.1): the members that the engine reads. */
export interface AuthenticationResponse {
  /** The credential's id. */
  id: string
  /** The credential's id again. */
  rawId: string
  /** `public-key`. */
  type: CredentialType
  /** The authenticator's response. */
  response: AssertionResponse
}

/** Authenticates a user by password and opens a session. */
export interface LoginRequest {
  /** The username or the e-mail address. */
  username: string
  /** The password. */
  password: string
  /** The backend that the session's tokens are for; default: `default`. */
  backend?: string | null
  /**
   * The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
   * refused.
   */
  claims?: Record<string, unknown> | null
  /** The client's connection, where known. */
  client?: Client | null
  /** A label for the session in the user's list, such as the name of the device. */
  label?: string | null
  /** A shorter life of the session than the configuration gives it. */
  lifetime?: SessionLifetime | null
  /**
   * The organization that the session is in. Its user must be a member: otherwise the right proof is refused
   * with `permission_denied`. The tokens have `org_id` and `org_roles`.
   */
  organization_id?: string | null
  /** A recovery code instead, which is used up. */
  recovery_code?: string | null
  /**
   * The scopes of the access token, separated by spaces. The engine grants what the host asks for: a host
   * that passes on a client's wish decides first what the client may have.
   */
  scope?: string | null
  /**
   * The token of a trusted device, which `complete_login` returned. If it is valid, no second factor is
   * required, and the tokens' `amr` names none. An invalid token is ignored.
   */
  trusted_device_token?: string | null
  /** The code of the account's authenticator app. Ignored if the account has no second factor. */
  two_fa_code?: string | null
  /**
   * A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
   * `toJSON()`.
   */
  webauthn_response?: AuthenticationResponse | null
}

/** An opened session. Keep both tokens secret. */
export interface LoginResponse {
  /** Tells a session and the next step of a login apart. */
  type: 'session'
  /** The access token (RFC 9068); send it as `Authorization: Bearer …`. */
  access_token: string
  /** Always `Bearer`. */
  token_type: string
  /** The life of the access token in seconds. */
  expires_in: number
  /** The session's id: `sid` in the token. */
  session_id: string
  /** The backend that the token is for. */
  backend: string
  /** The user who logged in. */
  user: User
  /** The organization that the session is in, if the login was for one. */
  organization_id?: string
  /** Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so. */
  persistent?: boolean
  /** If this login gave the account its first second factor: the recovery codes. They are shown only now. */
  recovery_codes?: string[]
  /** The life of the refresh token in seconds. */
  refresh_expires_in?: number
  /** The refresh token, which gets the next access token; absent if the backend does not refresh. */
  refresh_token?: string
  /** The life of that token in seconds. */
  trusted_device_expires_in?: number
  /**
   * With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot
   * read. Absent if the user may trust no device.
   */
  trusted_device_token?: string
}

/** AuthenticatorAttestationResponseJSON: the members that the engine reads. */
export interface AttestationResponse {
  /** The client data that the browser made. */
  clientDataJSON: string
  /** The authenticator's attestation object. */
  attestationObject: string
  /** The transports that reach the authenticator. */
  transports?: string[] | null
  /** Other members. */
  [name: string]: unknown
}

/** RegistrationResponseJSON (section 5.1), as far as it is read. */
export interface RegistrationResponse {
  /** The credential's id. */
  id: string
  /** The same. */
  rawId: string
  /** `public-key`. */
  type: CredentialType
  /** The authenticator's response. */
  response: AttestationResponse
}

/** Takes the next step of a login. Give the one proof that the login asked for. */
export interface CompleteLoginRequest {
  /** The login's challenge. It can be used once and allows ten attempts. */
  challenge: string
  /**
   * The mailed code, if the challenge is of `request_login_code`. It allows five attempts, and refuses every
   * wrong or spent code alike.
   */
  mail_code?: string | null
  /** The new password, if the password must be changed. */
  new_password?: string | null
  /** A recovery code, which is used up. */
  recovery_code?: string | null
  /**
   * Whether the user trusts this device: the response then has a token that takes the place of the second
   * factor in later logins by password on it. Only beside a second factor; needs `trusted_devices`. Ignored
   * if the login began without a password.
   */
  trust_device?: boolean | null
  /** The code of the authenticator app, also of one that `setup_totp` made for this challenge. */
  two_fa_code?: string | null
  /**
   * The answer of `navigator.credentials.create` to what `begin_passkey_registration` made for this
   * challenge: the credential's `toJSON()`.
   */
  webauthn_registration?: RegistrationResponse | null
  /**
   * The answer of `navigator.credentials.get` to the login's `webauthn_options`: the credential's `toJSON()`.
   */
  webauthn_response?: AuthenticationResponse | null
}

/** Authenticates a user by an ID token and opens a session. */
export interface LoginWithIdTokenRequest {
  /** The ID token (OpenID Connect Core section 2); not an access token. */
  id_token: string
  /** The backend that the session's tokens are for; default: `default`. */
  backend?: string | null
  /**
   * The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
   * refused.
   */
  claims?: Record<string, unknown> | null
  /** The client's connection, where known. */
  client?: Client | null
  /** A label for the session in the user's list, such as the name of the device. */
  label?: string | null
  /** A shorter life of the session than the configuration gives it. */
  lifetime?: SessionLifetime | null
  /**
   * The nonce that the host sent with its authentication request. The token must repeat it, so that it
   * answers this browser's request and no other.
   */
  nonce?: string | null
  /** The organization that the session is in, as in `login`. */
  organization_id?: string | null
  /** The name of the issuer in `id_token_providers`; optional if there is only one. */
  provider?: string | null
  /** The scopes of the access token, separated by spaces. The engine grants what the host asks for. */
  scope?: string | null
}

/** An opened session. Keep both tokens secret. */
export interface LoginWithIdTokenResponse {
  /** Tells a session and the next step of a login apart. */
  type: 'session'
  /** The access token (RFC 9068); send it as `Authorization: Bearer …`. */
  access_token: string
  /** Always `Bearer`. */
  token_type: string
  /** The life of the access token in seconds. */
  expires_in: number
  /** The session's id: `sid` in the token. */
  session_id: string
  /** The backend that the token is for. */
  backend: string
  /** The user who logged in. */
  user: User
  /** Whether this login created the account. */
  created: boolean
  /** The organization that the session is in, if the login was for one. */
  organization_id?: string
  /** Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so. */
  persistent?: boolean
  /** If this login gave the account its first second factor: the recovery codes. They are shown only now. */
  recovery_codes?: string[]
  /** The life of the refresh token in seconds. */
  refresh_expires_in?: number
  /** The refresh token, which gets the next access token; absent if the backend does not refresh. */
  refresh_token?: string
  /** The life of that token in seconds. */
  trusted_device_expires_in?: number
  /**
   * With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot
   * read. Absent if the user may trust no device.
   */
  trusted_device_token?: string
}

/** What a provider asks the user for. */
export type ProviderPrompt = 'none' | 'login' | 'consent' | 'select_account'

/** Begins a login at a provider. */
export interface BeginProviderLoginRequest {
  /**
   * The URL of this service to which the provider sends the browser back; the provider must know it. Use
   * another one for each provider.
   */
  redirect_uri: string
  /**
   * The authentication context classes that are wished for, separated by spaces. The provider may ignore
   * them: see `provider` of `authorize`.
   */
  acr_values?: string | null
  /** The backend that the session's tokens are for, and `user_token` too; default: `default`. */
  backend?: string | null
  /** The name that the user probably logs in with. */
  login_hint?: string | null
  /** How long ago the user may have authenticated at the provider. The ID token must prove it. */
  max_age_seconds?: number | null
  /** The organization that the session is in, as in `login`; not for linking. */
  organization_id?: string | null
  /**
   * What the provider asks the user for (`prompt` of OpenID Connect Core section 3.1.2.1). Like `acr_values`
   * and `max_age_seconds`, only for a provider with ID tokens.
   */
  prompt?: ProviderPrompt | null
  /** The name of the provider in `id_token_providers`; optional if there is only one. */
  provider?: string | null
  /** The scopes of the access token, as in `login`. */
  scope?: string | null
  /**
   * An access token of the account to which the identity is linked. Without it the identity logs in. Its user
   * must have authenticated in the last fifteen minutes (`reauthenticate`), by a second factor if a login
   * demands one.
   */
  user_token?: string | null
}

/** A login that begins; finish it within fifteen minutes. */
export interface BeginProviderLoginResponse {
  /** The URL to which to send the browser. */
  authorization_url: string
  /**
   * The transaction for `finish_provider_login`. Keep it in this browser, in a cookie that scripts cannot
   * read, and nowhere else. A login that succeeds spends it.
   */
  transaction: string
  /**
   * The `state` with which the browser comes back, by which the host finds the transaction if the browser has
   * several.
   */
  state: string
}

/** The response of a provider. */
export interface ProviderResponse {
  /** The HTTP status. */
  status: number
  /** The body, as text. */
  body: string
}

/** Asks for the next request to a provider. */
export interface NextProviderRequestRequest {
  /** The transaction of `begin_provider_login`. */
  transaction: string
  /** The query of the URL with which the browser came back, or the form that it posted, unchanged. */
  query: string
  /**
   * The URL at which the browser really came back, without its query. Another one than that of
   * `begin_provider_login` is refused.
   */
  redirect_uri: string
  /**
   * The responses so far, in the order of the requests: from the provider itself, never through a browser.
   */
  received?: ProviderResponse[]
}

/** A header of a request. */
export interface ProviderRequestHeader {
  /** The name. */
  name: string
  /** The value. */
  value: string
}

/** An HTTP request to a provider. */
export interface ProviderRequest {
  /** The method: `GET` or `POST`. */
  method: string
  /** The URL: https; http only for a loopback host. */
  url: string
  /** The headers. */
  headers: ProviderRequestHeader[]
  /** The body, if there is one: a form, as the header `content-type` says. */
  body?: string
}

/** The next request. */
export interface NextProviderRequestResponse {
  /** The request to send, without following redirects. Absent if `finish_provider_login` needs no more. */
  send?: ProviderRequest
}

/** Finishes a login at a provider. */
export interface FinishProviderLoginRequest {
  /** The transaction of `begin_provider_login`, from the browser that came back. */
  transaction: string
  /** The query of the URL with which the browser came back, or the form that it posted, unchanged. */
  query: string
  /**
   * The URL at which the browser really came back, without its query. Another one than that of
   * `begin_provider_login` is refused.
   */
  redirect_uri: string
  /**
   * The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
   * refused. A login that began with `user_token` opens no session: its session keeps what it has, whatever
   * is given here and in the next two.
   */
  claims?: Record<string, unknown> | null
  /** The client's connection, where known. */
  client?: Client | null
  /** A label for the session in the user's list, such as the name of the device. */
  label?: string | null
  /** A shorter life of the session than the configuration gives it. */
  lifetime?: SessionLifetime | null
  /**
   * If the host sends the requests (`exchange`): the responses, in the order of the requests. They open any
   * account, so they must come from the provider itself, never through a browser.
   */
  received?: ProviderResponse[]
  /**
   * The access token of this browser's user, if there is one. A login that began with `user_token` needs one
   * of the same session; others ignore it.
   */
  user_token?: string | null
}

/** An opened session, or that of `user_token`. Keep the tokens secret. */
export interface FinishProviderLoginResponse {
  /** Tells a session and the next step of a login apart. */
  type: 'session'
  /** The access token (RFC 9068); send it as `Authorization: Bearer …`. */
  access_token: string
  /** Always `Bearer`. */
  token_type: string
  /** The life of the access token in seconds. */
  expires_in: number
  /** The session's id: `sid` in the token. */
  session_id: string
  /** The backend that the token is for. */
  backend: string
  /** The user who logged in. */
  user: User
  /** Whether this login created the account. */
  created: boolean
  /**
   * Whether the identity was linked to the account of `user_token`. Then the session is the one of that
   * token, with a new access token and no other refresh token.
   */
  linked: boolean
  /** The organization that the session is in, if the login was for one. */
  organization_id?: string
  /** Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so. */
  persistent?: boolean
  /** If this login gave the account its first second factor: the recovery codes. They are shown only now. */
  recovery_codes?: string[]
  /** The life of the refresh token in seconds. */
  refresh_expires_in?: number
  /** The refresh token, which gets the next access token; absent if the backend does not refresh. */
  refresh_token?: string
  /** The life of that token in seconds. */
  trusted_device_expires_in?: number
  /**
   * With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot
   * read. Absent if the user may trust no device.
   */
  trusted_device_token?: string
}

/** Lists the identities that open an account. */
export interface ListIdentitiesRequest {
  /** The user's id. */
  user_id: string
}

/** A user of a provider who is let into an account. */
export interface LinkedIdentity {
  /** The provider's issuer: `iss`. */
  issuer: string
  /** The user's id at the provider: `sub`. */
  subject: string
  /** When the identity was linked to the account. */
  created_at: number
  /** The provider's name in `id_token_providers`; absent if it is not configured any more. */
  provider?: string
}

/** Identities, the oldest first. */
export interface ListIdentitiesResponse {
  /** The identities. */
  identities: LinkedIdentity[]
}

/** Unlinks an identity from an account. The host must have authenticated its user just now. */
export interface UnlinkIdentityRequest {
  /** The user's id. */
  user_id: string
  /** The provider's issuer, as `list_identities` has it. */
  issuer: string
  /** The user's id at the provider. */
  subject: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The identity opens the account no more. If it did before, every session has ended. */
export interface UnlinkIdentityResponse {
  /** Whether the identity was linked to the account. */
  unlinked: boolean
}

/**
 * Authenticates the user of a session again, before an important act. Give one proof; the host decides which
 * are enough.
 */
export interface ReauthenticateRequest {
  /** An access token of the session. */
  token: string
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /** The client's connection, where known. */
  client?: Client | null
  /** The password; a wrong one counts as a failed login. */
  password?: string | null
  /** The code of the authenticator app instead. */
  two_fa_code?: string | null
  /**
   * A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
   * `toJSON()`. The authenticator must have verified its user.
   */
  webauthn_response?: AuthenticationResponse | null
}

/** A fresh access token of the same session. */
export interface ReauthenticateResponse {
  /** The access token, whose `auth_time` is now. The previous token stays valid, with its own `auth_time`. */
  access_token: string
  /** The token's lifetime in seconds. */
  expires_in: number
  /** Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so. */
  persistent?: boolean
}

/** Opens a session in which the user of a token acts as another user. */
export interface ImpersonateRequest {
  /**
   * An access token of the person who is to act, from a session of their own. The person must have
   * authenticated in the last 15 minutes, by a second factor if their logins need one (`reauthenticate`).
   */
  actor_token: string
  /** The id of the user that the person acts as. */
  user_id: string
  /** Why, for the audit log. */
  reason: string
  /** The backend that `actor_token` is for; default: `default`. */
  actor_backend?: string | null
  /** The backend that the session's tokens are for; default: `default`. */
  backend?: string | null
  /** The connection of the person's client, where known. */
  client?: Client | null
  /** When the session ends, however often it is refreshed; default 900. From 1 to 3600. */
  lifetime_seconds?: number | null
  /** The scopes of the access token, separated by spaces. The engine grants what the host asks for. */
  scope?: string | null
}

/** Gets the next tokens of a session. */
export interface RefreshRequest {
  /** The newest refresh token. */
  refresh_token: string
  /** Fewer scopes than the session has, for this access token (RFC 6749 section 6). */
  scope?: string | null
}

/** The next tokens. The refresh token that was given is spent. */
export interface RefreshResponse {
  /** The next access token. */
  access_token: string
  /** The next refresh token. All callers that offer the same token get the same next one. */
  refresh_token: string
  /** Always `Bearer`. */
  token_type: string
  /** The life of the access token in seconds. */
  expires_in: number
  /** The life of the refresh token in seconds. */
  refresh_expires_in: number
  /** Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so. */
  persistent?: boolean
}

/** Ends a session. Give either token. */
export interface LogoutRequest {
  /** Whether to end every session of the user. */
  everywhere?: boolean | null
  /** The refresh token. */
  refresh_token?: string | null
  /**
   * Whether to change nothing and only confirm. The client then forgets its tokens, which stay valid until
   * they expire.
   */
  stateless?: boolean | null
  /** The access token. */
  token?: string | null
}

/** The session ended. */
export interface LogoutResponse {
  /** The next step for the client. */
  message: string
}

/** Lists the live sessions of a user. */
export interface ListSessionsRequest {
  /** The user's id. */
  user_id: string
  /** The session from which the user asks, if one does: `session_id` of `authenticate`. */
  current_session_id?: string | null
}

/** A session, for its user's own list. */
export interface Session {
  /** The session's id: `sid` in tokens. */
  id: string
  /** Whether it is the session of `current_session_id`. */
  current: boolean
  /** The backend that its tokens are for. */
  backend: string
  /** When the session was opened. */
  created_at: number
  /** When the session was last refreshed, or else opened. */
  refreshed_at: number
  /** When the session ends unless it is refreshed. */
  expires_at: number
  /** The methods by which the user authenticated (RFC 8176). */
  amr: string[]
  /** The person who acts as the user in this session, if it is not the user's own (`impersonate`). */
  act?: Act
  /** The device that opened the session. */
  device_id?: string
  /**
   * The IP address that opened the session. Left out, as the next two, where another person acts as the user.
   */
  ip?: string
  /** The label, if the session has one. */
  label?: string
  /** The organization that the session is in, if the login was for one. */
  organization_id?: string
  /** The login at an identity provider that opened the session, if one did. */
  provider?: ProviderLogin
  /** The `User-Agent` that opened the session. */
  user_agent?: string
}

/** Sessions, the oldest first. */
export interface ListSessionsResponse {
  /** The sessions. */
  sessions: Session[]
}

/**
 * Changes a session. Members that are absent stay as they are; at least one of `label` and `claims` is
 * needed.
 */
export interface UpdateSessionRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /**
   * The new claims of the host, which replace all the old ones: `{}` removes them. The session's next access
   * token has them; tokens that were issued before keep theirs.
   */
  claims?: Record<string, unknown> | null
  /** The new label, as of a login; empty: none. */
  label?: string | null
  /** The session's id instead. */
  session_id?: string | null
  /** An access token of the session. */
  token?: string | null
  /** With `session_id`: the account that must have the session. Give it if the id comes from a client. */
  user_id?: string | null
}

/** The session after its change. */
export interface UpdateSessionResponse {
  /** The session. */
  session: Session
}

/** Ends one session. */
export interface RevokeSessionRequest {
  /** The session's id. */
  session_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The number of sessions that ended. */
export interface RevokedResponse {
  /** The number of live sessions that ended. */
  revoked: number
}

/** Ends every session of a user. */
export interface RevokeUserSessionsRequest {
  /** The user's id. */
  user_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The session to keep: the one that the user asks from. */
  except_session_id?: string | null
}

/** Ends every session of every user. */
export interface RevokeAllSessionsRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** Revokes a token with its session, or by itself if it belongs to none (RFC 7009). */
export interface RevokeTokenRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that issued the token of this `jti`; default: `default`. */
  backend?: string | null
  /** The `jti` of a token of `issue_token` instead, from its answer or the event `token_issued`. */
  jti?: string | null
  /** An access or a refresh token. */
  token?: string | null
  /** `access_token` or `refresh_token`; optional, and any text is accepted. */
  token_type_hint?: string | null
}

/** The token is revoked, or there was nothing to revoke. */
export interface RevokeTokenResponse {}

/**
 * Verifies an access token by signature and claims alone, without the store: a session that was revoked still
 * passes until the token expires.
 */
export interface VerifyRequest {
  /** The access token. */
  token: string
  /** The backend that must have issued the token; default: `default`. */
  backend?: string | null
}

/** The claims of a verified token (RFC 7519, RFC 9068). */
export interface Claims {
  /** The token's audience. */
  aud: string | string[]
  /** When the token expires. */
  exp: number
  /** In a token without a session: the account's epoch, which every revocation of all its sessions raises. */
  account_epoch?: number
  /** The person who acts as the user, if another one does (RFC 8693 section 4.1). */
  act?: Act
  /** The methods by which the user authenticated (RFC 8176). */
  amr?: string[]
  /** When the user authenticated. */
  auth_time?: number
  /** The backend that issued the token. */
  client_id?: string
  /** When the token was issued, in Unix seconds. */
  iat?: number
  /** The issuer. Only tokens of another library (`backends.*.secret`) may lack it. */
  iss?: string
  /** The id of the token. */
  jti?: string
  /** When the token becomes valid. */
  nbf?: number
  /** The organization of the session, if the login was for one. */
  org_id?: string
  /** The roles in that organization when the token was issued; `authorize` checks the present ones. */
  org_roles?: string[]
  /** In a session that an identity provider opened: the provider, and what it says of the login. */
  provider?: ProviderLogin
  /** The roles when the token was issued (RFC 9068); `authorize` checks the present ones. */
  roles?: string[]
  /** The scopes, separated by spaces. */
  scope?: string
  /** The session's id. */
  sid?: string
  /**
   * The id of the account, or the subject that `issue_token` was given. Absent if the backend has
   * `subject_claim` `user_id`.
   */
  sub?: string
  /** The same as `sub`, if the backend has `subject_claim` `user_id`. */
  user_id?: string
  /** Other members. */
  [name: string]: unknown
}

/**
 * Identifies the user of a live access token or API key: the account is active, and the session has not ended
 * or the key was not revoked.
 */
export interface AuthenticateRequest {
  /** The value of an `Authorization` header instead: `Bearer <token>` (RFC 6750). */
  authorization?: string | null
  /** The backend that must have issued the token, or that the API key is for; default: `default`. */
  backend?: string | null
  /** The client's connection, where known: too many unknown API keys from one network address are refused. */
  client?: Client | null
  /** The access token or API key. */
  token?: string | null
}

/** The kind of a credential. */
export type CredentialKind = 'session' | 'token' | 'api_key'

/** An organization, and the roles of a member there. */
export interface OrganizationRoles {
  /** The organization's id. */
  id: string
  /** The user's roles in it, in alphabetical order. */
  roles: string[]
}

/** The user of a live token or API key. */
export interface AuthenticateResponse {
  /** The account as it is now. With an API key that has fewer roles, these are its `roles`. */
  user: User
  /** The kind of the credential. */
  credential: CredentialKind
  /**
   * The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that person
   * change no password, factor, address or API key.
   */
  act?: Act
  /** The API key, without the key itself, if the credential is one. */
  api_key?: ApiKey
  /** The token's claims; absent for an API key. */
  claims?: Claims
  /** The organization that the session is in, if the login was for one, and the user's roles there now. */
  organization?: OrganizationRoles
  /** The session's id, if the token belongs to a session. */
  session_id?: string
}

/** Checks a token or API key for another service (RFC 7662), as of now. */
export interface IntrospectRequest {
  /** An access token, a refresh token or an API key. */
  token: string
  /** The service that asks: a token for another audience is not active. */
  audience?: string | null
  /** `access_token` or `refresh_token`; optional, and any text is accepted. */
  token_type_hint?: string | null
}

/** The token's state. An inactive token discloses nothing else. */
export type IntrospectResponse =
  | {
      /** Whether the token is valid now. */
      active: true
      /** The person who acts as the user, if another one does (RFC 8693 section 4.1). */
      act?: Act
      /** The API key, without the key itself, if it is one. */
      api_key?: ApiKey
      /** The token's audience. */
      aud: string[]
      /** The backend that issued the token, or that the API key is for. */
      client_id: string
      /** When the token expires, in Unix seconds; absent for an API key that does not. */
      exp?: number
      /** When the token was issued. */
      iat?: number
      /** The issuer. */
      iss?: string
      /** The organization that the session is in, if the login was for one. */
      org_id?: string
      /** The user's roles in that organization now. */
      org_roles?: string[]
      /**
       * Why the token is not active. It is for the host only: do not pass it on. It is not enumerable, so
       * that JSON does not have it.
       */
      reason?: string
      /** The scopes, separated by spaces. */
      scope?: string
      /** The session's id, if the token belongs to a session. */
      sid?: string
      /** The id of the account. */
      sub: string
      /** `Bearer`, `refresh_token` or `api_key`. */
      token_type: string
      /** The account as it is now. With an API key that has fewer roles, these are its `roles`. */
      user: User
    }
  | {
      /** Whether the token is valid now. */
      active: false
      /** The person who acts as the user, if another one does (RFC 8693 section 4.1). */
      act?: Act
      /** The API key, without the key itself, if it is one. */
      api_key?: ApiKey
      aud?: undefined
      client_id?: undefined
      /** When the token expires, in Unix seconds; absent for an API key that does not. */
      exp?: number
      /** When the token was issued. */
      iat?: number
      /** The issuer. */
      iss?: string
      /** The organization that the session is in, if the login was for one. */
      org_id?: string
      /** The user's roles in that organization now. */
      org_roles?: string[]
      /**
       * Why the token is not active. It is for the host only: do not pass it on. It is not enumerable, so
       * that JSON does not have it.
       */
      reason?: string
      /** The scopes, separated by spaces. */
      scope?: string
      /** The session's id, if the token belongs to a session. */
      sid?: string
      sub?: undefined
      token_type?: undefined
      user?: undefined
    }

/**
 * Issues an access token that belongs to no session. If `sub` is not the id of an account, `verify` accepts
 * the token, but the live checks (`authenticate`, `introspect`, `authorize`) do not.
 */
export interface IssueTokenRequest {
  /**
   * The claims: `sub`, a text, and any of the host's own. The claims that the engine makes (`iss`, `aud`,
   * `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`, `provider`, `cnf`, `org_id`,
   * `org_roles`, `act`, `account_epoch`) are refused.
   */
  claims: Record<string, unknown>
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that issues the token; default: `default`. */
  backend?: string | null
  /** The token's lifetime; default `access_token_seconds`, at most `session_max_seconds`. */
  lifetime_seconds?: number | null
}

/** An access token. */
export interface IssueTokenResponse {
  /** The access token. */
  token: string
  /** When the token expires, in Unix seconds. */
  expires_at: number
  /** The token's id, by which `revoke_token` revokes it. */
  jti: string
}

/** Settings. */
export interface RequestsConfigExclude {
  exact?: string
  glob?: string
  prefix?: string
  regex?: string
}

/** The rules of `authenticate_request`. */
export interface RequestsConfig {
  /**
   * The kinds of connection that may send requests; any other is refused for every path. Default: `http`,
   * `websocket`.
   */
  connections?: string[]
  /** The cookie that holds the token, if neither the host nor the header gives one. Default: none. */
  cookie?: string | null
  /**
   * The paths that need no authentication. A text is an exact path or, with `*` (within a segment) or `**`
   * (across segments), a glob; `{"exact": …}`, `{"prefix": …}`, `{"glob": …}` and `{"regex": …}` state the
   * kind. All match the whole path; a pattern that matches every path is refused.
   */
  exclude?: (string | RequestsConfigExclude)[]
  /**
   * The methods that need no authentication, in any case; `GET` does not imply `HEAD`. Default: `OPTIONS`.
   */
  exclude_http_methods?: string[]
  /** The header from which the host reads `authorization`. Default: `authorization`. */
  header?: string
  /**
   * The origins whose pages may send the cookie (RFC 6454), if a request names its page's `origin`. Default:
   * only that of `host`.
   */
  origins?: string[] | null
}

/**
 * Decides whether a request to the host may pass, by the rules under `requests` in the configuration. The
 * engine takes the token from `token`, else from `authorization`, else an API key from `api_key`, else a
 * token from the configured cookie.
 */
export interface AuthenticateRequestRequest {
  /** The HTTP method, in any case. */
  method: string
  /**
   * The path as the router sees it; a query is cut off. A path that two readers could take for different
   * paths is never skipped.
   */
  path: string
  /**
   * The value of the `X-API-Key` header. It counts if there is no `token` and no `authorization`, and if it
   * begins with `dw_`: other software uses this header, too.
   */
  api_key?: string | null
  /**
   * The value of the `Authorization` header, or of the header that `requests.header` names: `Bearer <token>`
   * (RFC 6750), where the token may be an API key.
   */
  authorization?: string | null
  /** The backend that must have issued the token, or that the API key is for; default: `default`. */
  backend?: string | null
  /** The client's connection, where known: too many unknown API keys from one network address are refused. */
  client?: Client | null
  /** The kind of connection, as `requests.connections` names it; default: `http`. */
  connection?: string | null
  /** The cookies by name. */
  cookies?: Record<string, string> | null
  /** Whether the route opted out of authentication. */
  excluded?: boolean | null
  /**
   * The value of the `Host` header: the host and port that the request was sent to. Pages of this host may
   * send the cookie, unless `requests.origins` lists others.
   */
  host?: string | null
  /**
   * Whether to check only that the page that sent the request may send cookies. The response is then
   * `skipped`.
   */
  only_origin?: boolean | null
  /**
   * The value of the `Origin` header, if there is one: the page that sent the request (RFC 6454). It decides
   * whether the cookie counts.
   */
  origin?: string | null
  /**
   * Rules that replace those of the configuration, in the same form. The engine compiles them once and keeps
   * them while they are in use; at most 16 KiB.
   */
  rules?: RequestsConfig | null
  /** The access token or API key, if the host has it already. */
  token?: string | null
}

/** The request may pass. */
export type AuthenticateRequestResponse =
  | {
      /** Whether the request needs no authentication; the other members are then absent. */
      skipped: false
      /**
       * The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that
       * person change no password, factor, address or API key.
       */
      act?: Act
      /** The API key, without the key itself, if the credential is one. */
      api_key?: ApiKey
      /** The token's claims; absent for an API key. */
      claims?: Claims
      /** The kind of the credential. */
      credential: CredentialKind
      /**
       * The organization that the session is in, if the login was for one, and the user's roles there now.
       */
      organization?: OrganizationRoles
      /** The session's id, if the token belongs to a session. */
      session_id?: string
      /** The account as it is now. With an API key that has fewer roles, these are its `roles`. */
      user: User
    }
  | {
      /** Whether the request needs no authentication; the other members are then absent. */
      skipped: true
      /**
       * The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that
       * person change no password, factor, address or API key.
       */
      act?: Act
      /** The API key, without the key itself, if the credential is one. */
      api_key?: ApiKey
      /** The token's claims; absent for an API key. */
      claims?: Claims
      credential?: undefined
      /**
       * The organization that the session is in, if the login was for one, and the user's roles there now.
       */
      organization?: OrganizationRoles
      /** The session's id, if the token belongs to a session. */
      session_id?: string
      user?: undefined
    }

/** Asks the configured `introspection_service` about a token (RFC 7662). */
export interface IntrospectRemoteRequest {
  /** A token of the other service. */
  token: string
  /** The kind of token, for the service: `access_token` or `refresh_token`. */
  token_type_hint?: string | null
}

/**
 * The service's own answer about a valid token (RFC 7662 section 2.2), without `reason`, which is for its
 * host only.
 */
export interface IntrospectRemoteResponse {
  /** Always true: the token is valid now. */
  active: true
  /** Other members. */
  [name: string]: unknown
}

/**
 * A login at a provider. All conditions that are given must hold. Only a provider that is trusted with them
 * should be asked for `acr` and `amr`.
 */
export interface ProviderCondition {
  /** The authentication context class is one of these (OpenID Connect Core section 2). */
  acr?: string[] | null
  /** The user authenticated there by all of these methods (RFC 8176). */
  amr?: string[] | null
  /** The user authenticated there at most this many seconds ago. */
  max_age_seconds?: number | null
  /** The provider's name in `id_token_providers`. */
  name?: string | null
}

/**
 * Checks whether the bearer of a token or API key may do something. All conditions that are given must hold.
 */
export interface AuthorizeRequest {
  /** The access token or API key. */
  token: string
  /**
   * The user authenticated in the token's session by one of these methods (RFC 8176; `mfa`: by a factor
   * beside another), at most `max_age_seconds` ago if that is given.
   */
  amr?: string[] | null
  /** The backend that must have issued the token, or that the API key is for; default: `default`. */
  backend?: string | null
  /**
   * If the account has a second factor, the same as `"amr": ["mfa"]`: the condition for adding or removing a
   * factor. An API key never meets it.
   */
  by_second_factor?: boolean | null
  /**
   * The account has this address, in any case of letters. It must be verified, unless
   * `require_verified_email` is false.
   */
  email?: string | null
  /** The user authenticated at most this many seconds ago. An API key is no such proof. */
  max_age_seconds?: number | null
  /**
   * The account is a member of this organization, and the token is of no session in another. `roles` and
   * `permissions` are then those in the organization.
   */
  organization_id?: string | null
  /**
   * The roles of the account give all of these permissions (`roles` of the configuration, in an organization
   * `organization_roles`), and those of an API key give them, too.
   */
  permissions?: string[] | null
  /** The token's session was opened by a login at a provider of which this holds, in the provider's words. */
  provider?: ProviderCondition | null
  /** The account's address is verified; default: true if `email` is given. */
  require_verified_email?: boolean | null
  /**
   * The account has at least one of these roles, and an API key has it, too. An empty list admits no user.
   */
  roles?: string[] | null
  /** The token or API key carries all of these scopes (RFC 6749 section 3.3). */
  scopes?: string[] | null
  /** The account has this id. */
  user_id?: string | null
}

/** The verdict. */
export interface AuthorizeResponse {
  /** Whether the bearer may. */
  authorized: boolean
  /**
   * Why not. It is for the host only: do not pass it on. It is not enumerable, so that JSON does not have it.
   */
  reason?: string
}

/**
 * Creates an account for a program. It has no password, address or second factor, and nothing can give it
 * one.
 */
export interface CreateServiceAccountRequest {
  /** The name, a username that no account has. */
  name: string
  /** The roles. */
  roles: string[]
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/**
 * Creates an API key of a person's account or of a service account. Give exactly one of `user_id` and
 * `service_account_id`. The host must have authenticated the person just now, because a key opens the
 * account.
 */
export interface CreateApiKeyRequest {
  /** The owner's name for the key: 1 to 64 characters. */
  name: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that the key is for; default: `default`. */
  backend?: string | null
  /** When the key expires, in Unix seconds; default: never. */
  expires_at?: number | null
  /**
   * The roles of its account that the key has; default: those that the account has at the time of each use.
   */
  roles?: string[] | null
  /** The scopes of the key; default: none. */
  scopes?: string[] | null
  /** The id of a service account. */
  service_account_id?: string | null
  /** The id of a person's account. */
  user_id?: string | null
}

/** The new key. */
export interface CreateApiKeyResponse {
  /** The key itself. It is shown only now: the store keeps a code of it. */
  key: string
  /** The key as lists show it. */
  api_key: ApiKey
}

/** Lists the API keys of an account. */
export interface ListApiKeysRequest {
  /** The id of a person's account or of a service account. */
  user_id: string
}

/** The keys that have not expired, the oldest first. */
export interface ListApiKeysResponse {
  /** The keys. */
  api_keys: ApiKey[]
}

/** Changes an API key. Members that are absent stay as they are. */
export interface UpdateApiKeyRequest {
  /** The key's id. */
  api_key_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** When the key expires, in Unix seconds. */
  expires_at?: number | null
  /** The new name. */
  name?: string | null
  /** The new roles, which replace the old ones. */
  roles?: string[] | null
  /** The new scopes, which replace the old ones. */
  scopes?: string[] | null
  /** The account that must have the key. Give it if the id comes from a client. */
  user_id?: string | null
}

/** The key after its change. */
export interface UpdateApiKeyResponse {
  /** The key. */
  api_key: ApiKey
}

/** Revokes an API key. */
export interface RevokeApiKeyRequest {
  /** The key's id. */
  api_key_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The account that must have the key. Give it if the id comes from a client. */
  user_id?: string | null
}

/** No account has the key any more. */
export interface RevokeApiKeyResponse {
  /** Whether the account had the key. */
  revoked: boolean
}

/** Creates an organization with its first owner. */
export interface CreateOrganizationRequest {
  /** The name for people: 1 to 100 characters. Several organizations may have the same. */
  name: string
  /** The account that becomes the first member, with the role `owner`: an active account of a person. */
  owner_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** Other data that the host keeps with the organization: at most 16 KiB. */
  attributes?: Record<string, unknown> | null
}

/** An organization. */
export interface Organization {
  /** The organization's id. */
  id: string
  /** The name for people. */
  name: string
  /** Other data that the host keeps with the organization. */
  attributes: Record<string, unknown>
  /** When the organization was created, in Unix seconds. */
  created_at: number
  /** In a list of one account's organizations: the account's roles there, in alphabetical order. */
  roles?: string[]
}

/** An organization. */
export interface OrganizationResponse {
  /** The organization. */
  organization: Organization
}

/** Finds an organization. */
export interface GetOrganizationRequest {
  /** The organization's id. */
  organization_id: string
}

/** Lists organizations in the order of their ids, which is that of their creation, to the millisecond. */
export interface ListOrganizationsRequest {
  /** Only organizations after this id: `next` of the previous page. */
  after?: string | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
  /** Only those of which this account is a member. */
  user_id?: string | null
}

/** A page of organizations. */
export interface ListOrganizationsResponse {
  /** The organizations. */
  organizations: Organization[]
  /** The id to give as `after` for the next page; absent if there is none. */
  next?: string
}

/** Changes an organization. Members that are absent stay as they are. */
export interface UpdateOrganizationRequest {
  /** The organization's id. */
  organization_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The new attributes, which replace the old ones. */
  attributes?: Record<string, unknown> | null
  /** The new name. */
  name?: string | null
}

/** Deletes an organization and its memberships. The accounts of its members stay. */
export interface DeleteOrganizationRequest {
  /** The organization's id. */
  organization_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The organization was deleted. */
export interface DeleteOrganizationResponse {
  /** Always true. */
  deleted: boolean
}

/** Makes an account a member of an organization, without asking its user, who gets a mail. */
export interface AddMemberRequest {
  /** The organization's id. */
  organization_id: string
  /** The account's id. */
  user_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The roles in the organization; default: none. */
  roles?: string[] | null
}

/** A member of an organization. */
export interface Member {
  /** The account. Its `roles` are those outside of the organization. */
  user: User
  /** The roles in the organization, in alphabetical order. */
  roles: string[]
  /** When the account became a member. */
  created_at: number
}

/** A member of an organization. */
export interface MemberResponse {
  /** The member. */
  member: Member
}

/** Changes the roles of a member. */
export interface UpdateMemberRequest {
  /** The organization's id. */
  organization_id: string
  /** The account's id. */
  user_id: string
  /** The new roles in the organization, which replace the old ones. */
  roles: string[]
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** Removes a member from an organization. The account stays. */
export interface RemoveMemberRequest {
  /** The organization's id. */
  organization_id: string
  /** The account's id. */
  user_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The account is no member any more. */
export interface RemoveMemberResponse {
  /** Whether the account was a member. */
  removed: boolean
}

/** Lists the members of an organization in the order of their accounts' ids. */
export interface ListMembersRequest {
  /** The organization's id. */
  organization_id: string
  /** Only members after this account: `next` of the previous page. */
  after?: string | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
}

/** A page of members. */
export interface ListMembersResponse {
  /** The members. */
  members: Member[]
  /** The id to give as `after` for the next page; absent if there is none. */
  next?: string
}

/** Invites the reader of an address to an organization. */
export interface InviteMemberRequest {
  /** The organization's id. */
  organization_id: string
  /** The address. It does not matter whether an account has it. */
  email: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /**
   * The member who invites. The invitation is withdrawn when that member is removed, loses a role or is
   * locked.
   */
  invited_by?: string | null
  /** The language of the mail. Default: that of the account. */
  locale?: string | null
  /** The roles in the organization; default: none. */
  roles?: string[] | null
}

/** The invitation, the same whether or not an account has the address. */
export interface InviteMemberResponse {
  /** The invitation. */
  invitation: Invitation
}

/** Lists the invitations to an organization that were not accepted yet, in the order of their ids. */
export interface ListInvitationsRequest {
  /** The organization's id. */
  organization_id: string
  /** Only invitations after this id: `next` of the previous page. */
  after?: string | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
}

/** A page of invitations. */
export interface ListInvitationsResponse {
  /** The invitations. */
  invitations: Invitation[]
  /** The id to give as `after` for the next page; absent if there is none. */
  next?: string
}

/** Revokes an invitation to an organization. */
export interface RevokeInvitationRequest {
  /** The organization's id. */
  organization_id: string
  /** The invitation's id. */
  invitation_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The invitation can be accepted no more. */
export interface RevokeInvitationResponse {
  /** Whether the organization had the invitation. */
  revoked: boolean
}

/** Returns the public keys. */
export interface JwksRequest {}

/** A JWK Set (RFC 7517 section 5). Publish it for services that verify tokens themselves. */
export interface JwksResponse {
  /** The public keys of every backend; a backend that signs with an HMAC has none. */
  keys: Record<string, unknown>[]
}

/** Makes a new signing key. */
export interface RotateKeysRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend whose key is replaced; default: `default`, or with `retire` all of them. */
  backend?: string | null
  /**
   * Whether authenticator apps stay valid, because no copy of the store leaked. Only with `retire` and
   * without `backend`.
   */
  keep_totp?: boolean | null
  /**
   * `now`, after a leak: the signing keys of the backend stop verifying at once. Without `backend` this
   * applies to all backends, and also retires everything that a leaked secret key opens together with a copy
   * of the store: every secret key but the first of `secret_keys`, every session, mailed token and challenge,
   * the waiting mails with a token, and the seeds of authenticator apps. The first key must be the newest,
   * and each of the others must have been the first before: a list in the wrong order is refused.
   */
  retire?: 'now' | null
}

/** The retired keys, and the data that ended with them. */
export interface RetiredSecrets {
  /** The number of signing keys: all that signed or verified. */
  signing_keys: number
  /** The number of secret keys: all that this process was given, except the first. */
  secret_keys: number
  /** The number of sessions that ended. */
  sessions: number
  /** The number of mailed tokens and challenges that can no longer be redeemed. */
  one_time_secrets: number
  /** The number of mails with such a token, which are no longer sent. */
  mails: number
  /** The number of authenticator apps whose codes no longer work. */
  totp_seeds: number
}

/** The new signing key. */
export interface RotateKeysResponse {
  /** The id of the new signing key, of the backend or of `default`. */
  kid: string
  /**
   * The id of the previous signing key. It verifies until everything that it signed has expired, or, if it
   * was retired, nothing any more.
   */
  previous: string | null
  /** The retired keys, if keys were to be retired. */
  retired?: RetiredSecrets
}

/** Lists the keys. */
export interface ListKeysRequest {}

/** The data that needs an older secret key. */
export interface NeededBy {
  /** The number of password hashes that it sealed (`password.pepper`). The next login seals each anew. */
  password_hashes: number
  /** The number of authenticator seeds that it sealed. */
  totp_seeds: number
  /** The number of waiting mails. */
  mails: number
  /** The number of recovery codes made under it. */
  recovery_codes: number
  /** The number of API keys whose code was made under it. The next use of each makes the code anew. */
  api_keys: number
  /**
   * The number of live sessions that were last refreshed while it was current, or have claims that it sealed.
   * Without the key their users must log in again.
   */
  sessions: number
}

/** The use of a secret key in a process. */
export type SecretKeyState = 'current' | 'listed' | 'missing' | 'retired'

/** A secret key. */
export interface SecretKey {
  /** The key's id, which tells nothing about the key. */
  id: string
  /** When the key first became current, in Unix seconds. */
  since: number
  /** The use of the key in this process. */
  state: SecretKeyState
  /**
   * The data that needs the key in the list, if it is not the current one. The key may be removed once all of
   * these are 0 and the newer key is first in every process.
   */
  needed_by?: NeededBy
}

/** A key that signs access tokens or only verifies them. */
export interface SigningKey {
  /** The key's id: `kid` in the header of the tokens that it signed. */
  kid: string
  /** The backend's name. */
  backend: string
  /** The algorithm. `jwks` does not publish `HS256` keys. */
  algorithm: string
  /** When the key was made, in Unix seconds. */
  created_at: number
  /** When the key stops verifying, in Unix seconds; absent while it signs. */
  expires_at?: number
}

/** The keys, without their secrets. */
export interface ListKeysResponse {
  /**
   * The signing keys in the store; for each backend the signing one first. The fixed secret of a
   * compatibility backend is not listed.
   */
  signing_keys: SigningKey[]
  /**
   * The secret keys that were ever the first of the list, in order of their first use; the last is the
   * newest.
   */
  secret_keys: SecretKey[]
}

/**
 * Requests a mail that verifies the address of an account. Give one of `token`, `user_id`, `verification`,
 * `username` with `password`, and `email`.
 */
export interface RequestEmailVerificationRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /** The client's connection: too many mails for one network address are refused. */
  client?: Client | null
  /**
   * An address. By itself it names no account with an unverified address: nothing is mailed, and the answer
   * is the same for every address.
   */
  email?: string | null
  /** The language of the mail. Default: that of the account. */
  locale?: string | null
  /** The password; a wrong one counts as a failed login. */
  password?: string | null
  /** A live access token of the account. */
  token?: string | null
  /** The account's id, if the host has authenticated the user. */
  user_id?: string | null
  /** The username or the address, for users who cannot log in before the address is verified. */
  username?: string | null
  /** The challenge that `register` returned. */
  verification?: string | null
}

/** The same answer whether or not a mail was sent. */
export interface SentResponse {
  /** Always true. */
  sent: boolean
}

/** Requests another address for an account. `token` or `user_id` names the account. */
export interface RequestEmailChangeRequest {
  /** The new address. */
  new_email: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /** The language of the mails. Default: that of the account. */
  locale?: string | null
  /** A live access token of the user. A person who acts as the user is refused. */
  token?: string | null
  /** The account's id, if the host has authenticated the user. */
  user_id?: string | null
}

/** The same answer whether or not another account has the address. */
export interface RequestEmailChangeResponse {
  /** Always true. */
  sent: boolean
  /**
   * A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs to
   * the browser that asked. It is valid for a week; keep it in a cookie that scripts cannot read.
   */
  verification: string
}

/** Requests a mail with a token that sets a new password. */
export interface RequestPasswordResetRequest {
  /** The address of the account. */
  email: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The client's connection: too many mails for one network address are refused. */
  client?: Client | null
  /** The language of the mail. Default: that of the account. */
  locale?: string | null
}

/** Sets a new password by a mailed token. */
export interface ResetPasswordRequest {
  /** The mailed token. */
  token: string
  /** The new password. */
  new_password: string
}

/** Requests a mail with a code and a link that log in. */
export interface RequestLoginCodeRequest {
  /** The address. Only an account that has verified it gets a mail. */
  email: string
  /** The backend that the session's tokens are for; default: `default`. */
  backend?: string | null
  /**
   * The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
   * refused. `scope`, `organization_id` and these three are for the session that the code opens, in the
   * browser that asks. Another person may open the link, so `login_with_mail_token` has its own.
   */
  claims?: Record<string, unknown> | null
  /**
   * The client's connection: too many mails for one network address are refused. Pass it on, so that a
   * stranger elsewhere cannot use up the mails of a user.
   */
  client?: Client | null
  /**
   * Whether an account may be created for the address; needs `mailed_login.create`. It has no password, and
   * it is found by its address once the mail was used.
   */
  create?: boolean | null
  /** A label for the session in the user's list, such as the name of the device. */
  label?: string | null
  /** A shorter life of the session than the configuration gives it. */
  lifetime?: SessionLifetime | null
  /** The language of the mail. Default: that of the account. */
  locale?: string | null
  /** The organization that the session is in, as in `login`. */
  organization_id?: string | null
  /** The scopes of the access token, separated by spaces. The engine grants what the host asks for. */
  scope?: string | null
}

/** The same answer whether or not a mail was sent. */
export interface RequestLoginCodeResponse {
  /**
   * The challenge for `complete_login`, which ties the mailed code to the browser that asked: keep it in a
   * cookie that scripts cannot read.
   */
  challenge: string
  /** How long the code and the link are valid, in seconds. */
  expires_in: number
}

/** Logs in by a mailed link. */
export interface LoginWithMailTokenRequest {
  /** The token of the link. */
  token: string
  /**
   * The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
   * refused.
   */
  claims?: Record<string, unknown> | null
  /** The connection of the client that opened the link, where known. */
  client?: Client | null
  /** A label for the session in the user's list, such as the name of the device. */
  label?: string | null
  /** A shorter life of the session than the configuration gives it. */
  lifetime?: SessionLifetime | null
  /** The organization that the session is in, as in `login`. */
  organization_id?: string | null
  /** The scopes of the access token, separated by spaces. The engine grants what the host asks for. */
  scope?: string | null
}

/** Invites a person, who chooses a name and a password. */
export interface InviteUserRequest {
  /** The address, which no account may have verified. */
  email: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** Other data that the host keeps with the account: at most 16 KiB. */
  attributes?: Record<string, unknown> | null
  /** The host's own id of the account, which no other account has. */
  external_id?: string | null
  /** The language of mails to this user (BCP 47). */
  locale?: string | null
  /** The roles; default: `registration.default_roles`. */
  roles?: string[] | null
}

/** The account of an invitation. */
export interface InviteUserResponse {
  /** The account, which waits for its user. Delete it to withdraw the invitation. */
  user: User
  /** When the invitation expires. */
  expires_at: number
}

/**
 * Accepts an invitation. Give one of `password`, `webauthn_registration` and `id_token`; with `mailed_login`
 * none is needed. An account that is in use accepts an invitation to an organization by its `access_token`
 * alone.
 */
export interface AcceptInvitationRequest {
  /** The mailed token. */
  token: string
  /**
   * A live access token of an account that has verified the address: for an invitation to an organization.
   */
  access_token?: string | null
  /** The backend that `access_token` is for; default: `default`. */
  backend?: string | null
  /** An ID token of the identity that is to open the account. */
  id_token?: string | null
  /** The nonce that the ID token must repeat. */
  nonce?: string | null
  /** The password. */
  password?: string | null
  /** The provider of the ID token; default: the only one. */
  provider?: string | null
  /** The name to log in with. Default: a random one. */
  username?: string | null
  /**
   * The passkey that is to open the account: the answer of `navigator.credentials.create` to what
   * `begin_passkey_registration` made for this invitation. The authenticator must have verified its user.
   */
  webauthn_registration?: RegistrationResponse | null
}

/** The account, which can be logged in to from now on. */
export interface AcceptInvitationResponse {
  /** The account. */
  user: User
  /**
   * With a passkey: codes that replace it where it is a second factor; each can be used once. They are shown
   * only now.
   */
  recovery_codes: string[]
  /** The organization of which the account is a member now, if the invitation was to one. */
  organization_id?: string
}

/**
 * Redeems a mailed token, with one proof of the account: `access_token`, `username` with `password`,
 * `verification`, or `id_token`. Without a proof the request is refused, unless `mail.click_verifies` is set
 * and the account never verified an address.
 */
export interface VerifyEmailRequest {
  /** The mailed token, of either purpose. */
  token: string
  /** A live access token of the account. */
  access_token?: string | null
  /** The backend that `access_token` is for; default: `default`. */
  backend?: string | null
  /** The client's connection, where known. */
  client?: Client | null
  /**
   * An ID token of an identity that opens the account, for users who cannot log in before the address is
   * verified.
   */
  id_token?: string | null
  /** The nonce that the ID token must repeat. */
  nonce?: string | null
  /** The account's password; a wrong one counts as a failed login. */
  password?: string | null
  /** The provider of the ID token; default: the only one. */
  provider?: string | null
  /** The username or the address of the account. */
  username?: string | null
  /** The challenge that `register` or `request_email_change` returned for this address. */
  verification?: string | null
}

/** Tells what a mailed token is for, without redeeming it. */
export interface CheckMailTokenRequest {
  /** The mailed token. */
  token: string
}

/** A token that can be redeemed. */
export interface CheckMailTokenResponse {
  /**
   * The token's purpose: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`, or
   * `membership`: an invitation to an organization, for an account that logs in and accepts it with
   * `access_token`.
   */
  purpose: string
  /** When the token expires. */
  expires_at: number
}

/** Takes mails out of the outbox on a lease, to send them. */
export interface TakeMailRequest {
  /**
   * How long the mails are leased to the caller: 1 to 3600 seconds, default 60. A mail that is not
   * acknowledged by then can be taken again.
   */
  lease_seconds?: number | null
  /** The most mails to take: 1 to 100, default 10. */
  limit?: number | null
}

/** A mail to send. */
export interface Mail {
  /** The mail's id, for `acknowledge_mail`. */
  id: string
  /**
   * The kind of mail: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`,
   * `email_change_requested`, `email_changed`, `account_exists`, `password_changed`.
   */
  kind: MailKind
  /** The recipient's address as it was given; its domain may be international. */
  to: string
  /** The language of the texts. */
  locale: string
  /** The subject. */
  subject: string
  /** The text. */
  text: string
  /** The text as HTML. */
  html: string
  /** The recipient's user id. */
  user_id: string
  /** When the mail was written. */
  created_at: number
  /** When the mail is no longer worth sending. */
  expires_at: number
  /** The number of this attempt, from 1. */
  attempt: number
  /** The code, if the mail has one. */
  code?: string
  /** The sender, if `mail.from` is configured. */
  from?: string
  /** The link with the token, if `mail.links` has one for this kind. */
  link?: string
  /** The value of `Message-ID`, the same at every attempt, so that a mail sent twice is shown once. */
  message_id?: string
  /** The token, if the mail has one. */
  token?: string
}

/** Mails to send. */
export interface TakeMailResponse {
  /** The mails, the longest waiting first. */
  mails: Mail[]
}

/** Reports whether a mail that was taken was sent. */
export interface AcknowledgeMailRequest {
  /** The mail's id. */
  id: string
  /**
   * Whether the mail was sent. A mail that was not is due again later: after a minute, then after twice as
   * long each time, up to six hours.
   */
  delivered: boolean
  /** Why the mail was not sent, in one word. The audit log keeps it, so it must not identify a person. */
  error?: string | null
  /** Whether to give the mail up, because the address takes no mail. */
  permanent?: boolean | null
}

/** The result of the acknowledgement. */
export interface AcknowledgeMailResponse {
  /** Whether the mail was still in the outbox. */
  acknowledged: boolean
}

/** Sends the mails that are due. */
export interface DeliverMailRequest {
  /** The most mails to send: 1 to 1000, default 100. */
  limit?: number | null
}

/** The outcome for the mails that were due. */
export interface DeliverMailResponse {
  /** The number of mails that the server took. */
  delivered: number
  /** The number of mails that the server did not take now. They are due again later. */
  deferred: number
  /** The number of mails that the server will never take. They are given up. */
  refused: number
}

/** Makes a secret for an authenticator app. */
export interface GenerateTotpSecretRequest {}

/** A secret. The engine does not keep it. */
export interface GenerateTotpSecretResponse {
  /** 160 random bits in base32. */
  secret: string
}

/** Writes a secret as a URI and a QR code for an authenticator app. */
export interface TotpProvisioningUriRequest {
  /** The secret in base32. */
  secret: string
  /** The address of the account, or another name that the app shows for it. */
  email: string
}

/** An authenticator app's secret as a URI and as a picture. */
export interface Provisioning {
  /** The URI that an authenticator app reads: `otpauth://totp/…`. */
  otpauth_uri: string
  /** The URI as a QR code: an `<svg>` element that can be put into a page as it is. */
  qr_svg: string
}

/** Verifies a code by a secret. */
export interface VerifyTotpRequest {
  /** The secret in base32. */
  secret: string
  /** The code; spaces and hyphens are ignored. */
  code: string
}

/** The verdict. */
export interface VerifyTotpResponse {
  /** Whether the code is the present one, or one of `totp.skew_steps` steps before or after. */
  valid: boolean
}

/**
 * Sets up an authenticator app for an account. `user_id` or `challenge` names the account. With `user_id` the
 * host must have authenticated its user just now, because the app shuts out all other users.
 */
export interface SetupTotpRequest {
  /**
   * The challenge of a login, if the account must have a second factor and has none. `complete_login` takes
   * the app's code.
   */
  challenge?: string | null
  /** The user's id; or else give `challenge`. */
  user_id?: string | null
}

/** The app's secret. The app is not a factor until `confirm_totp` or, by a challenge, `complete_login`. */
export interface SetupTotpResponse {
  /** The secret in base32, for users who cannot scan the picture. */
  secret: string
  /** The URI that an authenticator app reads: `otpauth://totp/…`. */
  otpauth_uri: string
  /** The URI as a QR code: an `<svg>` element that can be put into a page as it is. */
  qr_svg: string
}

/** Activates an authenticator app. */
export interface ConfirmTotpRequest {
  /** The user's id. */
  user_id: string
  /** The code that the app shows. It is used up: the first login needs the next code. */
  code: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The client's connection, where known; failures on a known device are counted separately. */
  client?: Client | null
}

/** The app is active and every session has ended: log in again. */
export interface ConfirmTotpResponse {
  /** Always true. */
  is_configured: boolean
  /**
   * Codes that open the account if the app is lost; each can be used once. They are shown only now. Empty if
   * the account has codes already.
   */
  recovery_codes: string[]
}

/** Tells whether an authenticator app is active. */
export interface TotpStatusRequest {
  /** The user's id. */
  user_id: string
}

/** The state of an authenticator app. */
export interface TotpStatusResponse {
  /** Whether a login requires the app's code. An app that is set up but not confirmed does not count. */
  is_configured: boolean
}

/** Removes an authenticator app. */
export interface DisableTotpRequest {
  /** The user's id. */
  user_id: string
  /** A code of the app or, if it is lost, a recovery code. Ignored if no app is active. */
  code: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The client's connection, where known; failures on a known device are counted separately. */
  client?: Client | null
}

/**
 * Replaces the recovery codes of an account: for its user, by a `token` whose session gave a second factor in
 * the last fifteen minutes (`reauthenticate`); or by `user_id` and `reason`, for a privileged caller.
 */
export interface GenerateRecoveryCodesRequest {
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /** With `user_id`: why, for the audit log. */
  reason?: string | null
  /** A live access token of the user. */
  token?: string | null
  /** The user's id, if a privileged caller acts without the user. */
  user_id?: string | null
}

/** New recovery codes, shown only now. Every session has ended. */
export interface GenerateRecoveryCodesResponse {
  /** Ten codes; each can be used once. */
  codes: string[]
}

/** Counts the unused recovery codes of an account. */
export interface RecoveryCodesStatusRequest {
  /** The user's id. */
  user_id: string
}

/** The number of unused recovery codes. */
export interface RecoveryCodesStatusResponse {
  /** The number of unused codes. */
  remaining: number
}

/** A kind of second factor. */
export type FactorKind = 'totp' | 'passkeys' | 'recovery_codes'

/**
 * Removes the second factors of an account without a proof of its user: a privileged act. Verify who asks by
 * other means before.
 */
export interface RemoveSecondFactorsRequest {
  /** The user's id. */
  user_id: string
  /** Why, for the audit log. */
  reason: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The factors to remove; default: all of them. The recovery codes go with the last other factor. */
  factors?: FactorKind[] | null
}

/** What was removed. If that was anything, every session has ended. */
export interface RemoveSecondFactorsResponse {
  /** Whether an authenticator app was removed. */
  totp: boolean
  /** The number of passkeys that were removed. */
  passkeys: number
  /** The number of recovery codes that were removed. */
  recovery_codes: number
  /** The number of sessions that ended. */
  revoked_sessions: number
}

/** Lists the devices on which a user needs no second factor. */
export interface ListTrustedDevicesRequest {
  /** The user's id. */
  user_id: string
}

/** Trusted devices, the oldest first. */
export interface ListTrustedDevicesResponse {
  /** The devices. */
  trusted_devices: TrustedDevice[]
}

/** Revokes the trust in a device of a user, or in all of them. */
export interface RevokeTrustedDeviceRequest {
  /** The user's id. */
  user_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
  /** The device's id; default: every device of the user. */
  trusted_device_id?: string | null
}

/** The next login on these devices needs a second factor. Sessions continue. */
export interface RevokeTrustedDeviceResponse {
  /** The number of devices. */
  revoked: number
}

/** A kind of authenticator, by which the browser chooses what it offers first (section 5.8.7). */
export type PasskeyHint = 'security-key' | 'client-device' | 'hybrid'

/**
 * Begins to register a passkey for an account: that of `token`, `user_id`, `challenge` or `invitation`. With
 * `user_id` the host must have authenticated its user just now, because a passkey opens the account.
 */
export interface BeginPasskeyRegistrationRequest {
  /** The backend that `token` is for; default: `default`. */
  backend?: string | null
  /**
   * The challenge of a login, if the account must have a second factor and has none. `complete_login` takes
   * the answer as `webauthn_registration`.
   */
  challenge?: string | null
  /**
   * With `token`: whether the browser makes the passkey without asking its user (conditional creation). It
   * needs an account that has a second factor, or `passkeys.second_factor` `never`. Default: false.
   */
  conditional?: boolean | null
  /** The kinds of authenticator that the page expects, the likeliest first. */
  hints?: PasskeyHint[] | null
  /**
   * The mailed token of an invitation. `accept_invitation` then takes the answer as `webauthn_registration`.
   */
  invitation?: string | null
  /** With `token`: whether its session continues when the passkey is made. Default: false. */
  keep_session?: boolean | null
  /** The user's name for the passkey: 1 to 64 characters; not with `challenge` and `invitation`. */
  label?: string | null
  /**
   * A live access token of the user. The user must have authenticated in the last 15 minutes, by a second
   * factor if the account's logins need one (`reauthenticate`).
   */
  token?: string | null
  /** The user's id. */
  user_id?: string | null
}

/** The demands on an authenticator (section 5.4.4). */
export interface AuthenticatorSelection {
  /** Whether the authenticator keeps the passkey, so that it works without a username: `preferred`. */
  residentKey: string
  /** The same demand for older browsers. */
  requireResidentKey: boolean
  /** Whether the authenticator verifies its user: `preferred`; `required` for an invitation. */
  userVerification: string
}

/** A credential (section 5.8.3). */
export interface CredentialDescriptor {
  /** Always `public-key`. */
  type: string
  /** The credential's id. */
  id: string
  /** The transports that reach its authenticator, where known. */
  transports?: string[]
}

/** An algorithm (section 5.3). */
export interface CredentialParameters {
  /** Always `public-key`. */
  type: string
  /** The algorithm's number in COSE. */
  alg: number
}

/** The relying party (section 5.4.2). */
export interface RelyingParty {
  /** `passkeys.rp_id`. */
  id: string
  /** `passkeys.rp_name`. */
  name: string
}

/** The user of a passkey (section 5.4.3). */
export interface UserEntity {
  /** The user handle: the bytes of the account's id. */
  id: string
  /** The username; the address of an invitation. */
  name: string
  /** The same. */
  displayName: string
}

/** PublicKeyCredentialCreationOptionsJSON (section 5.1.9). */
export interface CreationOptions {
  /** The relying party. */
  rp: RelyingParty
  /** The user. */
  user: UserEntity
  /** The challenge that the authenticator signs. */
  challenge: string
  /** The accepted algorithms. */
  pubKeyCredParams: CredentialParameters[]
  /** How long the browser waits, in milliseconds. */
  timeout: number
  /** The account's passkeys: an authenticator that has one of them makes no other. */
  excludeCredentials: CredentialDescriptor[]
  /** The demands on the authenticator. */
  authenticatorSelection: AuthenticatorSelection
  /** Always `none`. */
  attestation: string
  /** The kinds of authenticator that the page expects, the likeliest first. */
  hints?: PasskeyHint[]
}

/**
 * A ceremony that begins; finish it within five minutes, or as long as `challenge` or `invitation` is valid.
 */
export interface BeginPasskeyRegistrationResponse {
  /**
   * The challenge for `finish_passkey_registration`. A registration that succeeds spends it; another call of
   * this operation replaces it. With `challenge` or `invitation` it is the same, for `complete_login` or
   * `accept_invitation`.
   */
  challenge: string
  /**
   * The options for `navigator.credentials.create`, as `PublicKeyCredential.parseCreationOptionsFromJSON`
   * reads them.
   */
  options: CreationOptions
  /** With `conditional`: `conditional`, to be passed to `navigator.credentials.create` beside the options. */
  mediation?: string
}

/** Registers a passkey. */
export interface FinishPasskeyRegistrationRequest {
  /** The challenge of `begin_passkey_registration`. */
  challenge: string
  /** The answer of `navigator.credentials.create`: the credential's `toJSON()`. */
  response: RegistrationResponse
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The passkey was registered. Every session has ended, except that of the token with `keep_session`. */
export interface FinishPasskeyRegistrationResponse {
  /** The passkey. */
  credential: Passkey
  /**
   * Codes that replace a lost second factor; each can be used once. They are shown only now. Empty if the
   * account has codes already.
   */
  recovery_codes: string[]
}

/** Begins a login by passkey. */
export interface BeginPasskeyLoginRequest {
  /** The backend that the session's tokens are for; default: `default`. */
  backend?: string | null
  /**
   * Whether the passkeys are offered in a form as the page opens (autofill), so that the ceremony has an
   * hour; not with `username`. The answer is taken by `finish_passkey_login` only. Default: false.
   */
  conditional?: boolean | null
  /** The kinds of authenticator that the page expects, the likeliest first. */
  hints?: PasskeyHint[] | null
  /** The organization that the session is in, as in `login`. */
  organization_id?: string | null
  /** The scopes of the access token, as in `login`. */
  scope?: string | null
  /** The username or the e-mail address. Without it the authenticator offers the accounts that it knows. */
  username?: string | null
}

/** PublicKeyCredentialRequestOptionsJSON (section 5.1.10). */
export interface RequestOptions {
  /** The challenge that the authenticator signs. */
  challenge: string
  /** How long the browser waits, in milliseconds. */
  timeout: number
  /** The domain of the passkeys. */
  rpId: string
  /** The credentials that are accepted; if empty, any that the authenticator knows for the domain. */
  allowCredentials: CredentialDescriptor[]
  /** Whether the authenticator must verify its user: `required`, `preferred`. */
  userVerification: string
  /** The kinds of authenticator that the page expects, the likeliest first. */
  hints?: PasskeyHint[]
}

/** A ceremony that begins; finish it within five minutes, or an hour with `conditional`. */
export interface BeginPasskeyLoginResponse {
  /** The challenge for `finish_passkey_login`. A login that succeeds spends it. */
  challenge: string
  /**
   * The options for `navigator.credentials.get`, as `PublicKeyCredential.parseRequestOptionsFromJSON` reads
   * them.
   */
  options: RequestOptions
  /** With `conditional`: `conditional`, to be passed to `navigator.credentials.get` beside the options. */
  mediation?: string
}

/** Logs in by a passkey alone. */
export interface FinishPasskeyLoginRequest {
  /** The challenge of `begin_passkey_login`. */
  challenge: string
  /** The answer of `navigator.credentials.get`: the credential's `toJSON()`. */
  response: AuthenticationResponse
  /**
   * The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
   * refused.
   */
  claims?: Record<string, unknown> | null
  /** The client's connection, where known. */
  client?: Client | null
  /** A label for the session in the user's list, such as the name of the device. */
  label?: string | null
  /** A shorter life of the session than the configuration gives it. */
  lifetime?: SessionLifetime | null
}

/** Lists the passkeys of an account. */
export interface ListPasskeysRequest {
  /** The user's id. */
  user_id: string
}

/** Passkeys, the oldest first. */
export interface ListPasskeysResponse {
  /** The passkeys. */
  passkeys: Passkey[]
}

/** Gives a passkey another name. */
export interface UpdatePasskeyRequest {
  /** The user's id. */
  user_id: string
  /** The credential's id. */
  credential_id: string
  /** The user's name for the passkey: 1 to 64 characters. */
  label: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The passkey with its new name. */
export interface UpdatePasskeyResponse {
  /** The passkey. */
  credential: Passkey
}

/**
 * Asks what the page tells the authenticator of the user who is logged in, so that it forgets passkeys that
 * are gone: after a login, or a change of the account.
 */
export interface PasskeySignalsRequest {
  /** The user's id. */
  user_id: string
}

/** AllAcceptedCredentialsOptions. */
export interface AllAcceptedCredentials {
  /** `passkeys.rp_id`. */
  rpId: string
  /** The user handle. */
  userId: string
  /** The ids of the account's passkeys. */
  allAcceptedCredentialIds: string[]
}

/** CurrentUserDetailsOptions. */
export interface CurrentUserDetails {
  /** `passkeys.rp_id`. */
  rpId: string
  /** The user handle. */
  userId: string
  /** The username. */
  name: string
  /** The username. */
  displayName: string
}

/** The arguments for the methods of `PublicKeyCredential`. */
export interface PasskeySignalsResponse {
  /** For `signalAllAcceptedCredentials`. */
  all_accepted_credentials: AllAcceptedCredentials
  /** For `signalCurrentUserDetails`. */
  current_user_details: CurrentUserDetails
}

/** Asks for the origins that may use the passkeys. */
export interface RelatedOriginsRequest {}

/** The document for `https://<rp_id>/.well-known/webauthn`. */
export interface RelatedOriginsResponse {
  /** The origins of web pages in `passkeys.origins`. */
  origins: string[]
}

/** Removes a passkey. The host must have authenticated its user just now. */
export interface RemovePasskeyRequest {
  /** The user's id. */
  user_id: string
  /** The credential's id. */
  credential_id: string
  /**
   * The name or id of the person who makes this call, as the host knows them, if it is not the user. The
   * call's events record it.
   */
  actor?: string | null
}

/** The passkey is gone. If it existed, every session has ended. */
export interface RemovePasskeyResponse {
  /** Whether the account had the passkey. */
  removed: boolean
}

/** A kind of event of the audit log. */
export type EventKind =
  | 'registered'
  | 'invited'
  | 'logged_in'
  | 'impersonated'
  | 'login_failed'
  | 'step_up_required'
  | 'password_changed'
  | 'password_change_failed'
  | 'password_set'
  | 'password_breached'
  | 'passkey_renamed'
  | 'passkey_counter_regressed'
  | 'throttled'
  | 'reauthenticated'
  | 'reauthentication_failed'
  | 'second_factor_added'
  | 'second_factor_removed'
  | 'second_factors_removed'
  | 'second_factor_failed'
  | 'recovery_codes_generated'
  | 'recovery_code_used'
  | 'device_trusted'
  | 'trusted_device_used'
  | 'trusted_device_revoked'
  | 'logged_out'
  | 'session_updated'
  | 'session_revoked'
  | 'sessions_revoked'
  | 'refresh_repeated'
  | 'refresh_token_reused'
  | 'user_updated'
  | 'account_locked'
  | 'user_deleted'
  | 'users_imported'
  | 'users_exported'
  | 'mail_requested'
  | 'mail_sent'
  | 'mail_failed'
  | 'email_verified'
  | 'email_changed'
  | 'password_reset'
  | 'identity_linked'
  | 'identity_unlinked'
  | 'account_reclaimed'
  | 'token_issued'
  | 'token_revoked'
  | 'service_account_created'
  | 'api_key_created'
  | 'api_key_updated'
  | 'api_key_revoked'
  | 'organization_created'
  | 'organization_updated'
  | 'organization_deleted'
  | 'member_added'
  | 'member_updated'
  | 'member_removed'
  | 'member_invited'
  | 'invitation_revoked'
  | 'keys_rotated'
  | 'store_restored'
  | 'keys_retired'
  | 'settings_changed'

/** The order of a list of events. */
export type EventOrder = 'written' | 'oldest' | 'newest'

/** Reads the audit log. */
export interface EventsRequest {
  /** Only what this actor did. */
  actor?: string | null
  /**
   * Only events after the one with this id, in the order asked for: `next` of the previous page, or `resume`
   * of an earlier answer. If that event was purged, all events that remain come after it.
   */
  after?: string | null
  /** Only events of this IP address, as the host gave it. */
  ip?: string | null
  /** Only events of this kind. */
  kind?: EventKind | null
  /** The most to return: 1 to 1000, default 100. */
  limit?: number | null
  /**
   * The order: `written` (default), in which an event comes after all events that were written before it, by
   * any clock; `oldest` or `newest` first, by time.
   */
  order?: EventOrder | null
  /** Only events at this time or later, in Unix seconds. */
  since?: number | null
  /** Only events at this time or earlier, in Unix seconds. */
  until?: number | null
  /** Only events that concern this account, which may be deleted. */
  user_id?: string | null
}

/** A page of the audit log. */
export interface EventsResponse {
  /** The events. */
  events: Event[]
  /** The id to give as `after` for the next page; absent if there is none. */
  next?: string
  /**
   * How far the log was read in the order `written`. Given as `after`, it returns exactly the events written
   * later. Absent if the log is empty.
   */
  resume?: string
}

/** Verifies the chain over the audit log: no event was changed, removed or added. */
export interface VerifyEventsRequest {
  /**
   * A head that an earlier call returned and that the host kept elsewhere. The log up to it must be
   * unchanged. This shows a change even if its author has the secret key.
   */
  head?: string | null
}

/** A problem at one place of the log. */
export interface ChainProblem {
  /**
   * The problem: `changed` (the event differs from what was written), `missing` (the event disappeared before
   * its time), `added` (the event does not belong to the chain), `broken` (earlier events were removed or
   * moved), `unlisted` (the event has no place in the log, so readers that follow the log do not see it),
   * `head` (the chain does not end where the sealed head says: its end or the head was removed, the head is
   * an older one, or another secret key sealed it; no further events are linked), `other_head` (the head in
   * the request belongs neither to this chain nor to a part that was purged), `no_chain` (the log has no
   * chain).
   */
  reason: string
  /** The event's id. */
  event_id?: string
  /** The event's place in the log. */
  position?: number
}

/** The result of the verification. */
export interface VerifyEventsResponse {
  /** Whether the log is as it was written. */
  intact: boolean
  /** The number of verified events. */
  events: number
  /** The problems, at most a hundred. */
  problems: ChainProblem[]
  /** The head of the chain, if there is a chain: keep it elsewhere. */
  head?: string
  /** When the first verified event happened. */
  since?: number
}

/** Returns figures since the engine was opened. */
export interface StatsRequest {
  /** Whether to include the store's figures, which takes a few reads; default: false. */
  store?: boolean | null
}

/** The queue for password hashes, now. */
export interface HashQueueStats {
  /** The number of hashes that may run at once. */
  slots: number
  /** The number of hashes that run. */
  busy: number
  /** The number of callers that wait. */
  waiting: number
}

/** The calls of about one duration. Each bucket reaches twice as far as the previous one. */
export interface LatencyBucket {
  /** The number of calls. */
  count: number
  /** The longest duration in this bucket; absent for the last one. */
  up_to_seconds?: number
}

/** The durations of calls. */
export interface Latency {
  /** The number of timed calls: all of them, but about one in 16 for `verify`. */
  count: number
  /** The sum of the durations. */
  sum_seconds: number
  /** A histogram. */
  buckets: LatencyBucket[]
}

/** The number of calls with one outcome. */
export interface OperationOutcome {
  /** The name of the status. */
  status: string
  /** The number of calls. */
  count: number
}

/** The figures of one operation. */
export interface OperationStats {
  /** The operation's name. */
  operation: string
  /** The outcomes of its calls. */
  outcomes: OperationOutcome[]
  /** The durations of its calls. */
  latency: Latency
}

/** The figures of a store. */
export interface StoreStats {
  /** The number of accounts that may log in. */
  active_accounts: number
  /** The number of accounts that may not log in. */
  disabled_accounts: number
  /**
   * The number of live sessions: neither revoked nor expired, nor those in which a person may no longer act
   * as the user.
   */
  sessions: number
  /** The number of events in the audit log. */
  events: number
  /** The number of mails that wait to be sent. */
  mails: number
  /** The number of signing keys, with those that only verify. */
  keys: number
  /** The size of the SQLite file, or of the tables on the server with their indexes. */
  bytes: number
  /** The counts that a PostgreSQL server estimates: those above 100,000. The others are exact. */
  estimated: string[]
  /** The free space on the disk of the SQLite file. */
  free_bytes?: number
  /** The length of the SQLite file's write-ahead log. */
  log_bytes?: number
  /** When the oldest waiting mail was written. */
  oldest_mail_at?: number
}

/** The figures of this engine since it was opened. */
export interface StatsResponse {
  /** The operations that were called, in the order of the reference. */
  operations: OperationStats[]
  /** The queue for password hashes. */
  hash_queue: HashQueueStats
  /**
   * All figures in the text format of Prometheus: answer a scraper with it, as `text/plain; version=0.0.4`.
   */
  prometheus: string
  /** The store's figures, if they were asked for: the same for every engine on the store. */
  store?: StoreStats
}

/** Checks the running configuration on this machine. */
export interface DoctorRequest {
  /**
   * Whether to check every page, row and index of a SQLite file, however long that takes. Default: check for
   * two seconds.
   */
  integrity?: boolean | null
}

/** The severity of a finding. */
export type FindingSeverity = 'problem' | 'advice' | 'ok'

/** A finding. */
export interface Finding {
  /** `problem`: change it; `advice`: think about it; `ok`. */
  severity: FindingSeverity
  /** The name of the check. */
  check: string
  /** The finding and what to do about it, for people. */
  message: string
  /** The key of the configuration to change, as a JSON pointer. */
  field?: string
}

/** The result of the checks. */
export interface DoctorResponse {
  /** The findings, always in the same order. */
  findings: Finding[]
  /** The version of the library. */
  version: string
  /** How long a password hash takes on this machine; absent if none could be made. */
  hash_milliseconds?: number
}

/**
 * Purges expired data. Ordinary writes do a little of it; a scheduled job that calls this operation does the
 * rest.
 */
export interface MaintainRequest {
  /**
   * The time to spend, in milliseconds: 1 to 60000, default 1000. The engine finishes the batch that runs
   * when the time is up.
   */
  budget_ms?: number | null
}

/** The number of purged rows by kind. */
export interface PurgedRows {
  /** Sessions that ended a day ago or more. */
  sessions: number
  /** Counts of failed attempts. */
  throttles: number
  /** One-time secrets that expired unused. */
  one_time_secrets: number
  /** Used challenges of logins by passkey. */
  spent_challenges: number
  /** Devices without a login for a long time. */
  known_devices: number
  /** Mails that could not be sent in time. */
  mails: number
  /** Trusted devices that have expired. */
  trusted_devices: number
  /** API keys that expired a day ago or more. */
  api_keys: number
  /** Signing keys that no longer verify anything. */
  keys: number
  /** Revoked tokens that have expired. */
  revoked_tokens: number
  /** Accounts of invitations and of logins by mail that waited for their owner in vain. */
  waiting_accounts: number
  /** Invitations to organizations that have expired. */
  invitations: number
  /** Events older than `audit.retention_days` of the store. */
  events: number
}

/** The result of a purge. */
export interface MaintainResponse {
  /** The number of purged rows by kind. */
  purged: PurgedRows
  /** Whether nothing is left; if false, call again. */
  complete: boolean
}

/** Copies the store into a file, while it is in use. */
export interface BackupRequest {
  /** The path of the file to make, with mode 0600. No file may have this name. */
  path: string
  /**
   * Whether to verify the copy before it gets its name: every page, row and index, and that the secret key
   * opens it. This takes about as long as the copy. Default: false.
   */
  verify?: boolean | null
}

/** The contents of a copy. */
export interface VerifiedBackup {
  /** The number of accounts. */
  users: number
  /** The number of live sessions. */
  sessions: number
  /** The number of events in the audit log. */
  events: number
}

/** A copy on the disk. */
export interface BackupResponse {
  /** The length of the file. */
  bytes: number
  /** The contents of the copy, if it was verified. */
  verified?: VerifiedBackup
}

/** The audit log. */
export interface AuditConfig {
  /**
   * Whether the log is chained, so that `verify_events` reveals changed and removed events. Default: the
   * store's; for a new store false.
   */
  chain?: boolean | null
  /** How long an event is kept. Default: the store's; for a new store 400. From 1 to 36500. */
  retention_days?: number | null
}

/** The signature algorithm of tokens (RFC 7518). */
export type SigningAlgorithm = 'HS256' | 'ES256' | 'EdDSA' | 'RS256' | 'PS256'

/** The claim that names the account. */
export type SubjectClaim = 'sub' | 'user_id'

/** A named backend. What is absent is as in the store; the defaults are those of a new store. */
export interface BackendConfig {
  /** The lifetime of an access token. Default: as in `default`. From 1 to 2592000. */
  access_token_seconds?: number | null
  /** Whether to accept a `secret` of fewer than 32 bytes, which can be guessed from any token. */
  allow_weak_secret?: boolean
  /** The `aud` of its tokens. Default: the first audience, a colon and the backend's name. */
  audience?: string | string[] | null
  /** Whether its sessions can be refreshed; otherwise they end with their access token. Default: true. */
  refresh?: boolean | null
  /** The lifetime of an unused refresh token. Default: as in `default`. From 1 to 31536000. */
  refresh_token_seconds?: number | null
  /** Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed. */
  secret?: string | null
  /** How its access tokens are signed. Default: as in `default`. */
  signing_algorithm?: SigningAlgorithm | null
  /** The claim that names the account. Default: `sub`. */
  subject_claim?: SubjectClaim | null
}

/** Settings. */
export interface IdTokenProviderConfigAutoRegister {
  roles: string[]
}

/** How this service authenticates itself to a provider (OpenID Connect Core section 9). */
export type ClientAuth =
  'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'signed_secret' | 'none'

/** The sender of the requests to a provider. */
export type ExchangeBy = 'engine' | 'host'

/** How a provider sends the browser back with its response. */
export type ResponseMode = 'query' | 'form_post'

/** Where the response of a provider without ID tokens has what is needed. */
export interface UserinfoConfig {
  /**
   * The user's id, a text or an integer. The provider must never give it to another user: a name that can be
   * changed is not fit for it.
   */
  subject: string
  /** The address. */
  email?: string | null
  /** Whether the address is verified. Default: it is not. */
  email_verified?: string | null
  /**
   * The URL of a list of addresses, each with `email`, `primary` and `verified`, as GitHub has it. The
   * primary one is taken instead of `email`.
   */
  emails_endpoint?: string | null
  /** The user's name. */
  username?: string | null
}

/** A provider by which users log in, and how far it is trusted. */
export interface IdTokenProviderConfig {
  /**
   * The client id of this service at the provider: a text, or a list if several programs have ids. Every
   * member of `aud`, and `azp`, must be in it.
   */
  client_id: string | string[]
  /**
   * The algorithms with which the provider signs: others are refused even if a key supports them. Default:
   * RS256.
   */
  algorithms?: ('RS256' | 'PS256' | 'ES256' | 'EdDSA')[]
  /**
   * Where the user logs in (RFC 6749 section 3.1). Give it together with `token_endpoint`. Default: as the
   * provider's metadata says.
   */
  authorization_endpoint?: string | null
  /**
   * Whether an unknown user gets an account: `true` with `registration.default_roles`, or with these `roles`.
   */
  auto_register?: boolean | IdTokenProviderConfigAutoRegister
  /**
   * A file with the certificates (PEM) of the authorities that may vouch for the provider's hosts; read when
   * the engine opens. Default: the public authorities.
   */
  ca_file?: string | null
  /**
   * How this service authenticates itself to the provider. Default: `client_secret_basic` with a secret,
   * `private_key_jwt` with a key, `none` without either.
   */
  client_auth?: ClientAuth | null
  /**
   * Or the private key of this service (PKCS #8 in PEM): P-256, Ed25519 or RSA. The provider knows its public
   * half.
   */
  client_key?: string | null
  /** The name of `client_key` at the provider: the `kid` of what it signs. */
  client_key_id?: string | null
  /** With `signed_secret`: the `iss` of the secret, Apple's id of the team. */
  client_key_issuer?: string | null
  /** The secret of this service at the provider, for `begin_provider_login`. */
  client_secret?: string | null
  /**
   * The claim of ID tokens and of `userinfo_endpoint` that says that the address is verified. Default:
   * `email_verified`.
   */
  email_verified_claim?: string | null
  /** The sender of the requests to the provider. */
  exchange?: ExchangeBy
  /**
   * The `iss` of its tokens, exactly. `{tenantid}` in it, as Microsoft Entra writes it for applications of
   * many tenants, stands for the token's `tid`. Required without `preset`.
   */
  issuer?: string | null
  /** The provider's public keys, a JWK Set (RFC 7517). */
  jwks?: Record<string, unknown> | null
  /**
   * Or their URL: https; http only for a loopback host. The keys are fetched when they are needed, cached,
   * and fetched again every ten minutes; for an unknown key at most every ten seconds. Default: as the
   * provider's metadata says, which are found below the issuer (OpenID Connect Discovery).
   */
  jwks_uri?: string | null
  /**
   * Whether to trust this provider that an address is verified: its token then opens the account that has
   * verified the same address, and takes over an account that never did. Only for a provider that verifies
   * addresses itself.
   */
  link_verified_email?: boolean
  /**
   * A known provider, for what is not given here: its issuer, and where and how it is asked. The endpoints of
   * the known provider are not used for another `issuer`.
   */
  preset?: 'apple' | 'github' | 'gitlab' | 'google' | 'keycloak' | 'microsoft' | null
  /**
   * Whether the provider names itself in each response (`iss`, RFC 9207), so that a response without `iss` is
   * refused. Default: as the provider's metadata says; `false` if `authorization_endpoint` is given.
   */
  requires_iss?: boolean | null
  /** How the provider sends the browser back. Default: with a query. */
  response_mode?: ResponseMode | null
  /** What the user is asked to permit, separated by spaces. Default: `openid email profile`. */
  scope?: string | null
  /** The tenants that may log in users, for an issuer with `{tenantid}`. Default: all. */
  tenants?: string[] | null
  /**
   * The time limit for all exchanges of one call with the provider together. From 1 to 60000. Default: 5000.
   */
  timeout_ms?: number
  /** Where codes are exchanged (RFC 6749 section 3.2). */
  token_endpoint?: string | null
  /**
   * For a provider without ID tokens (OAuth 2.0 only): where the response of `userinfo_endpoint` has what is
   * needed.
   */
  userinfo?: UserinfoConfig | null
  /**
   * Where data about the user is read: if the ID token has no address, and for a provider without ID tokens.
   * Default: as the provider's metadata says; none if `authorization_endpoint` is given.
   */
  userinfo_endpoint?: string | null
}

/** Acting as another user: `impersonate`. */
export interface ImpersonationConfig {
  /** The roles that allow a person to act as another user. At least one. */
  roles: string[]
  /** No person acts as a user with one of these roles, with `admin`, or with a role that allows acting. */
  protected_roles?: string[]
}

/** Name and password at the service (RFC 7617). */
export interface BasicCredentials {
  /** The name, without a colon. */
  username: string
  /** The password. */
  password: string
}

/** Another service that validates tokens (RFC 7662), and how to ask it. */
export interface IntrospectionServiceConfig {
  /** The URL of its endpoint: https; http only for a loopback host. */
  url: string
  /** Or a name and password for the same (RFC 7617). */
  basic?: BasicCredentials | null
  /** The access token with which the engine authenticates itself to the service (RFC 6750). */
  bearer?: string | null
  /**
   * A file with the certificates (PEM) of the authorities that may vouch for the service; read when the
   * engine opens. Default: the public authorities.
   */
  ca_file?: string | null
  /** The time limit of the whole exchange. From 1 to 60000. Default: 5000. */
  timeout_ms?: number
}

/** Limits of memory and time. */
export interface LimitsConfig {
  /** The maximum size of a request. From 1024 to 67108864. Default: 1048576. */
  request_bytes?: number
  /**
   * The number of connections to the store; with SQLite, the number of readers. From 1 to 256. Default: 4.
   */
  store_connections?: number
  /** How long an operation waits for the store. From 1 to 600000. Default: 5000. */
  store_timeout_ms?: number
  /**
   * How many tokens that `verify` accepted are remembered, so that it need not verify their signatures again:
   * 64 bytes of memory for each. 0: none. From 0 to 1048576. Default: 4096.
   */
  verified_tokens?: number
}

/** When SMTP sends mails. */
export type MailDelivery = 'manual' | 'background'

/** The pages that users open from mails: URLs of the host, each with `{token}` once. */
export interface MailLinks {
  /** The page that calls `verify_email` for a new address. */
  change_email?: string | null
  /** The page that calls `accept_invitation`. */
  invitation?: string | null
  /** The page that calls `login_with_mail_token`. Without it, a mail that logs in has the code alone. */
  login?: string | null
  /** The page that calls `reset_password`. */
  reset_password?: string | null
  /** The page that calls `verify_email`. */
  verify_email?: string | null
}

/** Whether each kind of notice is written. Default: all of them. */
export interface MailConfigNotices {
  account_changed?: boolean
  account_deleted?: boolean
  account_exists?: boolean
  account_locked?: boolean
  api_key_created?: boolean
  api_key_widened?: boolean
  change_email?: boolean
  device_trusted?: boolean
  email_change_requested?: boolean
  email_changed?: boolean
  identity_linked?: boolean
  impersonated?: boolean
  invitation?: boolean
  login?: boolean
  member_added?: boolean
  member_invitation?: boolean
  member_removed?: boolean
  new_device?: boolean
  password_changed?: boolean
  recovery_code_used?: boolean
  recovery_codes_generated?: boolean
  reset_password?: boolean
  second_factor_added?: boolean
  second_factor_removed?: boolean
  verify_email?: boolean
}

/** The encryption of a connection. */
export type SmtpTls = 'implicit' | 'starttls' | 'none'

/** A mail server (RFC 5321, RFC 6409). */
export interface SmtpConfig {
  /** The server's name or address. */
  host: string
  /** Whether to allow `none` for a host that is not this machine. */
  allow_plaintext?: boolean
  /** A file with the certificates (PEM) of the authorities to trust, instead of the public ones. */
  ca_file?: string | null
  /**
   * The name that this client gives (`EHLO`): a domain, or an address in brackets. Some servers require the
   * name that its address has in DNS. Default: the domain of `from`.
   */
  hello?: string | null
  /** The password to log in with. */
  password?: string | null
  /** The server's port. Default: 465, with `starttls` 587, with `none` 25. From 1 to 65535. */
  port?: number | null
  /** The time limit for each step of the conversation. From 100 to 60000. Default: 10000. */
  timeout_ms?: number
  /** The encryption of the connection. */
  tls?: SmtpTls
  /** The name to log in with. */
  username?: string | null
}

/**
 * The text of one kind of mail in one language. Placeholders: `{service}`, `{username}`; for a mail with a
 * token also `{token}` and `{link}`, which is the token itself if no link is configured; for `login` also
 * `{code}`, for `member_invitation`, `member_added` and `member_removed` also `{organization}`.
 */
export interface MailTemplate {
  /** The subject, on one line. */
  subject: string
  /** The text. Paragraphs are separated by empty lines. */
  text: string
  /** The HTML; values are escaped. Default: the paragraphs of the text. */
  html?: string | null
  /** The text if no link is configured for this kind; it contains the token. Default: `text`. */
  text_without_link?: string | null
}

/** The host's own texts: by kind of mail, then by language. */
export interface MailConfigTemplates {
  account_changed?: Record<string, MailTemplate>
  account_deleted?: Record<string, MailTemplate>
  account_exists?: Record<string, MailTemplate>
  account_locked?: Record<string, MailTemplate>
  api_key_created?: Record<string, MailTemplate>
  api_key_widened?: Record<string, MailTemplate>
  change_email?: Record<string, MailTemplate>
  device_trusted?: Record<string, MailTemplate>
  email_change_requested?: Record<string, MailTemplate>
  email_changed?: Record<string, MailTemplate>
  identity_linked?: Record<string, MailTemplate>
  impersonated?: Record<string, MailTemplate>
  invitation?: Record<string, MailTemplate>
  login?: Record<string, MailTemplate>
  member_added?: Record<string, MailTemplate>
  member_invitation?: Record<string, MailTemplate>
  member_removed?: Record<string, MailTemplate>
  new_device?: Record<string, MailTemplate>
  password_changed?: Record<string, MailTemplate>
  recovery_code_used?: Record<string, MailTemplate>
  recovery_codes_generated?: Record<string, MailTemplate>
  reset_password?: Record<string, MailTemplate>
  second_factor_added?: Record<string, MailTemplate>
  second_factor_removed?: Record<string, MailTemplate>
  verify_email?: Record<string, MailTemplate>
}

/** Mails to users. By default they wait for the host to take them. */
export interface MailConfig {
  /**
   * Whether a mailed link alone verifies the first address of an account, without a proof of the account. The
   * owner of the mailbox then gets the account without everything that opened it before: password, sessions,
   * second factors, passkeys and identities.
   */
  click_verifies?: boolean
  /** When SMTP sends mails. Default: `manual`, by `deliver_mail`. */
  delivery?: MailDelivery
  /**
   * The sender: `address` or `name <address>`. The texts use the name for the service, or else the issuer.
   */
  from?: string | null
  /** The pages that users open from mails. If `verify_email` is given, registering sends a mail. */
  links?: MailLinks
  /** The language of mails to users who have not chosen one. Default: `en`. */
  locale?: string | null
  /** Whether each kind of notice is written. Default: all of them. */
  notices?: MailConfigNotices
  /** The mail server; it needs `from` and all `links`. Default: none, and the host takes the mails. */
  smtp?: SmtpConfig | null
  /** The host's own texts: by kind of mail, then by language. */
  templates?: MailConfigTemplates
}

/** Logins by a mailed code or link, to accounts whose address is verified. */
export interface MailedLoginConfig {
  /**
   * Whether such a login may create an account without a password, for an address that no account has
   * verified (`create` of `request_login_code`).
   */
  create?: boolean
}

/** A kind of name. */
export type MailedLoginName = 'username' | 'email'

/** Whether passkeys make logins by password need a second factor. */
export type PasskeyFactor = 'always' | 'never'

/** The relying party of WebAuthn. */
export interface PasskeysConfig {
  /**
   * The domain of the passkeys: that of the pages or a parent of it, such as `example.com`. Passkeys work
   * only for the domain that they were made for, so it cannot change.
   */
  rp_id: string
  /** The service's name in authenticators. */
  rp_name: string
  /**
   * The origins of the pages, as browsers write them: `https://login.example.com`; `http://localhost:8000`
   * during development; `android:apk-key-hash:…` for an app. At least one.
   */
  origins: string[]
  /**
   * Names of models of authenticators, by their AAGUID, for `list_passkeys`: a public list, or one of your
   * own.
   */
  authenticator_names?: Record<string, string>
  /**
   * The kind of name that the page asks for, if it asks for one. For this kind `begin_passkey_login` returns
   * the account's passkeys. For the other kind it answers as for an unknown name, because the same passkeys
   * for both would reveal which address belongs to which name.
   */
  login_name?: MailedLoginName
  /**
   * Whether an account with a passkey needs a second factor beside its password. Default: as in the store;
   * `always` in a new one.
   */
  second_factor?: PasskeyFactor | null
}

/** What a login does by a password that leaked. */
export type BreachedLogin = 'ignore' | 'record' | 'change'

/** Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords. */
export interface PasswordConfig {
  /**
   * Whether common passwords, sequences, repetitions and the account's own name are refused. Default: true.
   */
  blocklist?: boolean
  /**
   * A file of passwords that leaked, made by `doorward breached build`: none of them may be chosen. It is
   * opened with the engine. Default: none.
   */
  breached?: string | null
  /** What a login does by a password that is in that file. */
  breached_login?: BreachedLogin
  /**
   * Words that an attacker would try first, such as names of the service, at most 100: no password may be
   * little more than one of them. The account's names and the issuer are such words in any case.
   */
  context_words?: string[]
  /**
   * How many passwords of an account, the present one included, its user may not choose again. Their hashes
   * are kept, and each is one more hash for every new password. Default: the store's; for a new store 0. From
   * 0 to 24.
   */
  history?: number | null
  /** The number of passes over that memory. From 1 to 64. Default: 2. */
  iterations?: number
  /**
   * After how many days a login by password requires a new one; 0: never. Default: the store's; for a new
   * store 0. From 0 to 3650.
   */
  max_age_days?: number | null
  /**
   * The maximum length of a password, in bytes of UTF-8; a longer one is refused, never truncated. From 64 to
   * 4096. Default: 1024.
   */
  max_bytes?: number
  /**
   * How many hashes run at once in the process; each takes `memory_kib`. Engines of one process share these
   * places, as many as the largest request among them. Default: the number of processors. From 1 to 1024.
   */
  max_concurrent?: number | null
  /** How many more callers may wait; further ones get `hash_queue_full`. From 0 to 100000. Default: 256. */
  max_queued?: number
  /** The memory of one hash in KiB. From 8 to 4194304. Default: 19456. */
  memory_kib?: number
  /** The minimum length of a new password, in code points. From 8 to 128. Default: 8. */
  min_length?: number
  /** The number of lanes. From 1 to 64. Default: 1. */
  parallelism?: number
  /**
   * Whether password hashes are sealed under the secret key, so that a copy of the store alone does not allow
   * guessing. After a change, each hash follows at the next login. Default: the store's; for a new store
   * false.
   */
  pepper?: boolean | null
  /**
   * The lifetime of a temporary password (`set_password`), within which the user has to replace it. From 60
   * to 31536000. Default: 604800.
   */
  temporary_seconds?: number
}

/** Rules of `register`. */
export interface RegistrationConfig {
  /**
   * Whether to answer alike whether or not an e-mail address has an account. An address then belongs to an
   * account, for logins and look-ups, only once it is verified.
   */
  conceal_existing?: boolean
  /** The roles of an account that is registered without any. */
  default_roles?: string[]
  /** Whether an account needs an e-mail address. Default: true. */
  require_email?: boolean
}

/** Failed logins: how many lock an account or a source, within which time, and for how long. */
export interface ThrottleConfig {
  /** Failures for one account before it is locked. From 1 to 100. Default: 10. */
  account_failures?: number
  /** The longest lock. From 1 to 86400. Default: 3600. */
  lock_max_seconds?: number
  /** The first lock; each further failure doubles it. From 1 to 86400. Default: 60. */
  lock_seconds?: number
  /**
   * Failures from one IP address (IPv6: one /64) before it is locked, except for known devices. Registrations
   * and requests for mails from one address are limited to the same number, and so are unknown API keys, in
   * each process. From 1 to 1000000. Default: 100.
   */
  source_failures?: number
  /** The time after which failures are forgotten. From 1 to 86400. Default: 900. */
  window_seconds?: number
}

/**
 * Codes of an authenticator app (RFC 6238). An app keeps the digits and the period with which it was set up.
 */
export interface TotpConfig {
  /** The number of digits of a code. From 6 to 8. Default: 6. */
  digits?: number
  /** The service's name in the app. Default: `issuer`, without its scheme if it is a URL. */
  issuer?: string | null
  /** How long a code is shown. From 15 to 300. Default: 30. */
  period_seconds?: number
  /**
   * How many codes before and after the current one are accepted: clocks differ, and people need time to
   * type. From 0 to 10. Default: 1.
   */
  skew_steps?: number
}

/** Devices that users trust when they give a second factor (`trust_device` of `complete_login`). */
export interface TrustedDevicesConfig {
  /** Users with one of these roles give a second factor at every login. */
  except_roles?: string[]
  /** How long a device is trusted. From 60 to 7776000. Default: 2592000. */
  lifetime_seconds?: number
}

/** The configuration of an engine. */
export interface Config {
  /** The lifetime of an access token. Default: the store's; for a new store 900. From 1 to 2592000. */
  access_token_seconds?: number | null
  /** The `aud` of every token: a text or a list. Default: the store's; for a new store `doorward`. */
  audience?: string | string[] | null
  /** The audit log: `events`. */
  audit?: AuditConfig
  /**
   * Named backends besides `default`, which the keys above describe: a token of one backend is never accepted
   * by another. A name is 1 to 64 ASCII letters, digits, `-` and `_`. Default: the store's backends.
   */
  backends?: Record<string, BackendConfig> | null
  /**
   * Whether this configuration may change the store's settings (`issuer`, `audience`, `signing_algorithm`,
   * the lifetimes, `max_sessions_per_user`, `backends`, `password.pepper`, `audit`). Set it for one
   * deployment. Without it, a configuration that differs from the store is refused.
   */
  change_settings?: boolean
  /**
   * Whether opening creates a missing store. Default: yes, unless the key file exists, which means that there
   * was a store and it is lost.
   */
  create?: boolean | null
  /**
   * The providers by which users log in (`begin_provider_login`, `login_with_id_token`), by names that the
   * host chooses. Default: none.
   */
  id_token_providers?: Record<string, IdTokenProviderConfig>
  /** The roles that may act as another user (`impersonate`). Default: none. */
  impersonation?: ImpersonationConfig | null
  /** Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none. */
  introspection_service?: IntrospectionServiceConfig | null
  /** The `iss` of every token. Default: the store's; for a new store `doorward`. */
  issuer?: string | null
  /**
   * How far the clock of another machine may deviate that made `iat`, `nbf` and `exp`. From 0 to 600.
   * Default: 30.
   */
  leeway_seconds?: number
  /** Limits of memory and time. */
  limits?: LimitsConfig
  /** Mails to users. */
  mail?: MailConfig
  /**
   * Logins by a mailed code or link. Default: none. The reader of a user's mails can then log in as the user,
   * as far as no second factor is required.
   */
  mailed_login?: MailedLoginConfig | null
  /**
   * How many sessions a user may have at once: one more ends the least recently used. 0: any number. Default:
   * the store's; for a new store 0. From 0 to 1000.
   */
  max_sessions_per_user?: number | null
  /**
   * Whether opening creates the tables of a new store and upgrades an older schema. With `false` an outdated
   * store is refused, and the operator runs `doorward migrate-schema`. Default: true.
   */
  migrate?: boolean
  /** The same for the roles of members in their organization, for `authorize` with `organization_id`. */
  organization_roles?: Record<string, string[]>
  /** Passkeys: the relying party and its pages. Default: none are made or accepted. */
  passkeys?: PasskeysConfig | null
  /** Cost of password hashes, and policy for passwords. */
  password?: PasswordConfig
  /**
   * How long after a refresh the token before the last still returns the answer of its first use, for two
   * tabs or a lost reply. `docs/security.md` explains this deviation from RFC 9700 section 4.14.2. From 0 to
   * 600. Default: 30.
   */
  refresh_grace_seconds?: number
  /**
   * The lifetime of an unused refresh token. Default: the store's; for a new store 2592000. From 1 to
   * 31536000.
   */
  refresh_token_seconds?: number | null
  /** Rules of `register`. */
  registration?: RegistrationConfig
  /** Rules of `authenticate_request`. */
  requests?: RequestsConfig
  /**
   * The users who must have a second factor: none (`false`), all (`true`), or those with one of these roles.
   */
  require_second_factor?: boolean | string[]
  /** Whether an account must verify its address before it can log in. */
  require_verified_email?: boolean
  /** The permissions that each role gives, for `permissions` of `authorize`. Default: none gives any. */
  roles?: Record<string, string[]>
  /**
   * The secret from which all keys are derived, at least 32 bytes. Give at most one of `secret_key`,
   * `secret_keys`, `secret_key_file` and `secret_key_files`. Default: a key file beside a SQLite file,
   * `<db>.key`; a random key for a store in memory.
   */
  secret_key?: string | null
  /**
   * A file with the secret; created with mode 0600 for a new store if it is missing. White space around the
   * secret, such as a newline at its end, is ignored.
   */
  secret_key_file?: string | null
  /** Files with several secrets, as `secret_keys`: the first is current. They are never created. */
  secret_key_files?: string[] | null
  /** Several secrets: the first is current, and the others still open what they sealed. */
  secret_keys?: string[] | null
  /**
   * The lifetime of a session, however often it is refreshed. Default: the store's; for a new store 7776000.
   * From 1 to 315360000.
   */
  session_max_seconds?: number | null
  /** How access tokens are signed. Default: the store's; for a new store `HS256`. */
  signing_algorithm?: SigningAlgorithm | null
  /**
   * The store: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. A path is relative to the current folder
   * or begins with one `/`, and takes no parameters. Default `sqlite:doorward.db`.
   */
  store?: string
  /** When failed logins lock an account or a source. */
  throttle?: ThrottleConfig
  /** Codes of an authenticator app. */
  totp?: TotpConfig
  /**
   * Devices on which logins need no second factor for a time. Default: none. On such a device the password
   * alone logs in.
   */
  trusted_devices?: TrustedDevicesConfig | null
}

/** A failure. */
export interface ErrorBody {
  /** The code of the failure: the stable, fine-grained part of the contract. New codes may appear. */
  code: string
  /** A sentence that may be shown to the end user; it reveals nothing more than the code. */
  message: string
  /** The HTTP status code of a web host's answer. */
  http_status: number
  /**
   * The exact reason, for the host's logs only. It holds no secret. It is not enumerable, so that JSON does
   * not have it.
   */
  detail?: string
  /** A JSON pointer (RFC 6901) to the member of the request or the configuration that is at fault. */
  field?: string
  /**
   * With `weak_password`: the reasons, in the codes of `check_password`. They may be shown to the end user.
   */
  reasons?: PasswordWeakness[]
  /** The seconds to wait before the next attempt. */
  retry_after_seconds?: number
}

/** The body of a failure. With status STEP_UP the members of StepUp stand beside `error`. */
export interface Failure {
  /** The failure. */
  error: ErrorBody
}

/** The next step of a login. Its members stand beside `error` in the body. */
export interface StepUp {
  /** Tells a session and the next step of a login apart. */
  type: 'step_up'
  /** The failure, as every language answers with it. */
  error: ErrorBody
  /** The code of the failure, which names the step. */
  status: NextStep
  /**
   * The challenge for `complete_login`: it proves the steps so far and can be used once. If the account must
   * have a second factor and has none, it is also for `setup_totp` and `begin_passkey_registration`.
   */
  challenge: string
  /** The challenge's lifetime in seconds. */
  expires_in: number
  /** The id of the user who logs in. */
  user_id: string
  /**
   * With `password_change_required`, if `complete_login` just gave the account its first factor: the recovery
   * codes. They are shown only now.
   */
  recovery_codes?: string[]
  /** Whether a recovery code is accepted: `recovery_code`. */
  recovery_codes_supported?: boolean
  /** Whether a code of an authenticator app is accepted: `two_fa_code`. */
  totp_supported?: boolean
  /**
   * With `webauthn_supported`, if `passkeys` is configured: the options for `navigator.credentials.get`, as
   * `PublicKeyCredential.parseRequestOptionsFromJSON` reads them.
   */
  webauthn_options?: RequestOptions
  /** Whether a passkey is accepted: `webauthn_response`. */
  webauthn_supported?: boolean
}

/** A kind of mail. */
export type MailKind =
  | 'verify_email'
  | 'reset_password'
  | 'change_email'
  | 'login'
  | 'invitation'
  | 'member_invitation'
  | 'email_change_requested'
  | 'email_changed'
  | 'account_exists'
  | 'password_changed'
  | 'second_factor_added'
  | 'second_factor_removed'
  | 'recovery_codes_generated'
  | 'recovery_code_used'
  | 'identity_linked'
  | 'api_key_created'
  | 'api_key_widened'
  | 'new_device'
  | 'impersonated'
  | 'device_trusted'
  | 'member_added'
  | 'member_removed'
  | 'account_changed'
  | 'account_locked'
  | 'account_deleted'

/** What a login requires before its session is opened. */
export type NextStep = 'second_factor_required' | 'password_change_required'

/** Why an operation failed: the stable, fine-grained part of the contract. */
export type Code =
  | 'invalid_credentials'
  | 'invalid_token'
  | 'user_not_found'
  | 'api_key_not_found'
  | 'session_not_found'
  | 'passkey_not_found'
  | 'organization_not_found'
  | 'member_not_found'
  | 'not_authenticated'
  | 'invalid_authorization_header'
  | 'password_change_required'
  | 'second_factor_required'
  | 'invalid_code'
  | 'invalid_challenge'
  | 'permission_denied'
  | 'email_not_verified'
  | 'invalid_json'
  | 'invalid_request'
  | 'weak_password'
  | 'username_taken'
  | 'email_taken'
  | 'external_id_taken'
  | 'already_configured'
  | 'already_member'
  | 'too_many_attempts'
  | 'store_constraint'
  | 'store_unavailable'
  | 'auth_service_unavailable'
  | 'hash_queue_full'
  | 'mail_unavailable'
  | 'invalid_config'
  | 'unknown_operation'
  | 'feature_not_built'
  | 'wrong_secret_key'
  | 'schema_too_new'
  | 'null_argument'
  | 'invalid_utf8'
  | 'engine_closed'
  | 'forked'
  | 'reentered'
  | 'internal'
