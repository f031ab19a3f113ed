// Written by `make header` from the description of the library: do not edit.

import type { Hidden } from './shape.js'

/** What the shapes of responses hide. */
export const shapes: Record<string, Hidden> = {
  RegisterResponse: {
    secrets: ['verification'],
  },
  PortableTotp: {
    secrets: ['secret'],
  },
  PortableUser: {
    secrets: ['password_hash', 'past_password_hashes', 'recovery_code_hashes'],
    within: { totp: 'PortableTotp' },
  },
  ExportUsersResponse: {
    within: { users: 'PortableUser' },
  },
  ExportedSession: {
    secrets: ['device_id'],
  },
  ExportUserResponse: {
    within: { sessions: 'ExportedSession' },
  },
  HashPasswordResponse: {
    secrets: ['hash'],
  },
  LoginResponse: {
    type: 'session',
    secrets: ['access_token', 'recovery_codes', 'refresh_token', 'trusted_device_token'],
  },
  LoginWithIdTokenResponse: {
    type: 'session',
    secrets: ['access_token', 'recovery_codes', 'refresh_token', 'trusted_device_token'],
  },
  BeginProviderLoginResponse: {
    secrets: ['authorization_url', 'transaction', 'state'],
  },
  ProviderRequestHeader: {
    secrets: ['value'],
  },
  ProviderRequest: {
    secrets: ['body'],
    within: { headers: 'ProviderRequestHeader' },
  },
  NextProviderRequestResponse: {
    within: { send: 'ProviderRequest' },
  },
  FinishProviderLoginResponse: {
    type: 'session',
    secrets: ['access_token', 'recovery_codes', 'refresh_token', 'trusted_device_token'],
  },
  ReauthenticateResponse: {
    secrets: ['access_token'],
  },
  RefreshResponse: {
    secrets: ['access_token', 'refresh_token'],
  },
  Session: {
    secrets: ['device_id'],
  },
  ListSessionsResponse: {
    within: { sessions: 'Session' },
  },
  UpdateSessionResponse: {
    within: { session: 'Session' },
  },
  IntrospectResponse: {
    hostOnly: ['reason'],
  },
  IssueTokenResponse: {
    secrets: ['token'],
  },
  AuthorizeResponse: {
    hostOnly: ['reason'],
  },
  CreateApiKeyResponse: {
    secrets: ['key'],
  },
  RequestEmailChangeResponse: {
    secrets: ['verification'],
  },
  RequestLoginCodeResponse: {
    secrets: ['challenge'],
  },
  AcceptInvitationResponse: {
    secrets: ['recovery_codes'],
  },
  Mail: {
    secrets: ['text', 'html', 'code', 'link', 'token'],
  },
  TakeMailResponse: {
    within: { mails: 'Mail' },
  },
  GenerateTotpSecretResponse: {
    secrets: ['secret'],
  },
  Provisioning: {
    secrets: ['otpauth_uri', 'qr_svg'],
  },
  SetupTotpResponse: {
    secrets: ['secret', 'otpauth_uri', 'qr_svg'],
  },
  ConfirmTotpResponse: {
    secrets: ['recovery_codes'],
  },
  GenerateRecoveryCodesResponse: {
    secrets: ['codes'],
  },
  CreationOptions: {
    isSecret: true,
  },
  BeginPasskeyRegistrationResponse: {
    secrets: ['challenge', 'options'],
    within: { options: 'CreationOptions' },
  },
  FinishPasskeyRegistrationResponse: {
    secrets: ['recovery_codes'],
  },
  RequestOptions: {
    isSecret: true,
  },
  BeginPasskeyLoginResponse: {
    secrets: ['challenge', 'options'],
    within: { options: 'RequestOptions' },
  },
  StepUp: {
    type: 'step_up',
    secrets: ['challenge', 'recovery_codes', 'webauthn_options'],
    within: { webauthn_options: 'RequestOptions' },
  },
  Error: {
    hostOnly: ['detail'],
  },
  Failure: {
    within: { error: 'Error' },
  },
}

/** The shapes of the responses that hide something, by operation. */
export const responses: Record<string, string> = {
  register: 'RegisterResponse',
  export_users: 'ExportUsersResponse',
  export_user: 'ExportUserResponse',
  hash_password: 'HashPasswordResponse',
  login: 'LoginResponse',
  complete_login: 'LoginResponse',
  login_with_id_token: 'LoginWithIdTokenResponse',
  begin_provider_login: 'BeginProviderLoginResponse',
  next_provider_request: 'NextProviderRequestResponse',
  finish_provider_login: 'FinishProviderLoginResponse',
  reauthenticate: 'ReauthenticateResponse',
  impersonate: 'LoginResponse',
  refresh: 'RefreshResponse',
  list_sessions: 'ListSessionsResponse',
  update_session: 'UpdateSessionResponse',
  introspect: 'IntrospectResponse',
  issue_token: 'IssueTokenResponse',
  authorize: 'AuthorizeResponse',
  create_api_key: 'CreateApiKeyResponse',
  request_email_change: 'RequestEmailChangeResponse',
  request_login_code: 'RequestLoginCodeResponse',
  login_with_mail_token: 'LoginResponse',
  accept_invitation: 'AcceptInvitationResponse',
  take_mail: 'TakeMailResponse',
  generate_totp_secret: 'GenerateTotpSecretResponse',
  totp_provisioning_uri: 'Provisioning',
  setup_totp: 'SetupTotpResponse',
  confirm_totp: 'ConfirmTotpResponse',
  generate_recovery_codes: 'GenerateRecoveryCodesResponse',
  begin_passkey_registration: 'BeginPasskeyRegistrationResponse',
  finish_passkey_registration: 'FinishPasskeyRegistrationResponse',
  begin_passkey_login: 'BeginPasskeyLoginResponse',
  finish_passkey_login: 'LoginResponse',
}
