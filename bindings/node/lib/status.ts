// Written by `make header` from the description of the library: do not edit.

import { DoorwardError, type ErrorClass } from './errors.js'
import type { Code } from './types.js'

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
export type NotFoundCode =
  | 'user_not_found'
  | 'api_key_not_found'
  | 'session_not_found'
  | 'passkey_not_found'
  | 'organization_not_found'
  | 'member_not_found'

/** The thing that the request names does not exist. HTTP 404. */
export class NotFoundError extends DoorwardError<NotFoundCode> {}

/** The codes of ConflictError. */
export type ConflictCode =
  | 'username_taken'
  | 'email_taken'
  | 'external_id_taken'
  | 'already_configured'
  | 'already_member'
  | 'store_constraint'

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

/** What the engine says of a code: the number of its status, the HTTP status, the text. */
export const wording: Record<Code, readonly [number, number, string]> = {
  invalid_credentials: [1, 401, 'The credentials are not valid.'],
  invalid_token: [1, 401, 'The token is not valid.'],
  user_not_found: [1, 401, 'There is no such user.'],
  api_key_not_found: [5, 404, 'There is no such API key.'],
  session_not_found: [5, 404, 'There is no such session.'],
  passkey_not_found: [5, 404, 'There is no such passkey.'],
  organization_not_found: [5, 404, 'There is no such organization.'],
  member_not_found: [5, 404, 'There is no such member.'],
  not_authenticated: [1, 401, 'Authentication is required.'],
  invalid_authorization_header: [1, 401, 'The Authorization header is not valid.'],
  password_change_required: [2, 401, 'The password must be changed.'],
  second_factor_required: [2, 401, 'A second factor is required.'],
  invalid_code: [1, 401, 'The code is not valid.'],
  invalid_challenge: [1, 401, 'The challenge is not valid.'],
  permission_denied: [3, 403, 'Permission denied.'],
  email_not_verified: [3, 403, 'The e-mail address must be verified first.'],
  invalid_json: [4, 400, 'The request is not valid JSON.'],
  invalid_request: [4, 400, 'The request is not valid.'],
  weak_password: [4, 400, 'The password is too weak.'],
  username_taken: [6, 409, 'The username is taken.'],
  email_taken: [6, 409, 'The e-mail address is taken.'],
  external_id_taken: [6, 409, 'The external id is taken.'],
  already_configured: [6, 409, 'It is configured already.'],
  already_member: [6, 409, 'The account is a member already.'],
  too_many_attempts: [7, 429, 'Too many attempts. Try again later.'],
  store_constraint: [6, 409, 'A rule of the store forbids the change.'],
  store_unavailable: [8, 503, 'The service is not available right now.'],
  auth_service_unavailable: [8, 503, 'The service is not available right now.'],
  hash_queue_full: [8, 503, 'The service is not available right now.'],
  mail_unavailable: [8, 503, 'The service is not available right now.'],
  invalid_config: [9, 500, 'The configuration is not valid.'],
  unknown_operation: [9, 500, 'There is no such operation.'],
  feature_not_built: [9, 500, 'This build does not have the feature.'],
  wrong_secret_key: [9, 500, 'The secret key does not open this store.'],
  schema_too_new: [9, 500, 'The store was written by a newer version.'],
  null_argument: [10, 500, 'A required argument is NULL.'],
  invalid_utf8: [10, 500, 'A text is not valid UTF-8.'],
  engine_closed: [10, 500, 'The engine is closed.'],
  forked: [10, 500, 'The engine was opened before a fork; open one in the child.'],
  reentered: [10, 500, 'A hook must not call the library.'],
  internal: [11, 500, 'An internal error was contained.'],
}
