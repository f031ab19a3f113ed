// Written by `make header` from the description of the library: do not edit.

import { DoorwardError, type ErrorClass } from './errors.js'

/** The codes of DeniedError. */
export type DeniedCode =
  | 'invalid_credentials'
  | 'invalid_token'
  | 'user_not_found'
  | 'not_authenticated'
  | 'invalid_authorization_header'
  | 'invalid_code'
  | 'invalid_challenge'

/** The proof (password, token, code) was rejected. HTTP 401. */
export class DeniedError extends DoorwardError<DeniedCode> {}

/** The codes of ForbiddenError. */
export type ForbiddenCode = 'permission_denied' | 'email_not_verified'

/** The user is authenticated, but not allowed to do this. HTTP 403. */
export class ForbiddenError extends DoorwardError<ForbiddenCode> {}

/** The codes of InvalidRequestError. */
export type InvalidRequestCode = 'invalid_token' | 'invalid_json' | 'invalid_request' | 'weak_password'

/** The request breaks the operation's schema or a policy. HTTP 400. */
export class InvalidRequestError extends DoorwardError<InvalidRequestCode> {}

/** The codes of NotFoundError. */
export type NotFoundCode = 'user_not_found'

/** The thing that the request names does not exist. HTTP 404. */
export class NotFoundError extends DoorwardError<NotFoundCode> {}

/** The codes of ConflictError. */
export type ConflictCode = 'username_taken' | 'email_taken' | 'already_configured' | 'store_constraint'

/** The change conflicts with what is there already. HTTP 409. */
export class ConflictError extends DoorwardError<ConflictCode> {}

/** The codes of ThrottledError. */
export type ThrottledCode = 'too_many_attempts'

/** Too many attempts; `retry_after_seconds` says how long to wait. HTTP 429. */
export class ThrottledError extends DoorwardError<ThrottledCode> {}

/** The codes of UnavailableError. */
export type UnavailableCode =
  'store_unavailable' | 'auth_service_unavailable' | 'hash_queue_full' | 'mail_unavailable'

/**
 * The store, the hash queue, the mail server or a remote service cannot answer now; a retry is safe. HTTP
 * 503.
 */
export class UnavailableError extends DoorwardError<UnavailableCode> {}

/** The codes of ConfigError. */
export type ConfigCode =
  'invalid_config' | 'unknown_operation' | 'feature_not_built' | 'wrong_secret_key' | 'schema_too_new'

/** The configuration is wrong, the operation is unknown, or the feature is not built in. HTTP 500. */
export class ConfigError extends DoorwardError<ConfigCode> {}

/** The codes of MisuseError. */
export type MisuseCode = 'null_argument' | 'invalid_utf8' | 'engine_closed' | 'forked' | 'reentered'

/**
 * The host called the library wrongly: NULL, a closed engine, a forked process, a call from inside a hook.
 * HTTP 500.
 */
export class MisuseError extends DoorwardError<MisuseCode> {}

/** The codes of InternalError. */
export type InternalCode = 'internal'

/** The library contained a bug of its own; treat the request as denied. HTTP 500. */
export class InternalError extends DoorwardError<InternalCode> {}

/** The error classes, by the number of their status. */
export const errors: Record<number, ErrorClass> = {
  1: DeniedError,
  3: ForbiddenError,
  4: InvalidRequestError,
  5: NotFoundError,
  6: ConflictError,
  7: ThrottledError,
  8: UnavailableError,
  9: ConfigError,
  10: MisuseError,
  11: InternalError,
}
