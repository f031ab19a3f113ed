// Written by `make header` from the description of the library: do not edit.

import type { CallOptions } from './call.js'
import type {
  AcceptInvitationRequest,
  AcceptInvitationResponse,
  AcknowledgeMailRequest,
  AcknowledgeMailResponse,
  AddMemberRequest,
  AuthenticateRequest,
  AuthenticateRequestRequest,
  AuthenticateRequestResponse,
  AuthenticateResponse,
  AuthorizeRequest,
  AuthorizeResponse,
  BackupRequest,
  BackupResponse,
  BeginPasskeyLoginRequest,
  BeginPasskeyLoginResponse,
  BeginPasskeyRegistrationRequest,
  BeginPasskeyRegistrationResponse,
  BeginProviderLoginRequest,
  BeginProviderLoginResponse,
  ChangePasswordRequest,
  ChangePasswordResponse,
  CheckMailTokenRequest,
  CheckMailTokenResponse,
  CheckPasswordRequest,
  CheckPasswordResponse,
  Claims,
  CompleteLoginRequest,
  ConfirmTotpRequest,
  ConfirmTotpResponse,
  CreateApiKeyRequest,
  CreateApiKeyResponse,
  CreateOrganizationRequest,
  CreateServiceAccountRequest,
  DeleteOrganizationRequest,
  DeleteOrganizationResponse,
  DeleteUserRequest,
  DeleteUserResponse,
  DeliverMailRequest,
  DeliverMailResponse,
  DisableTotpRequest,
  DoctorRequest,
  DoctorResponse,
  EventsRequest,
  EventsResponse,
  ExportUserRequest,
  ExportUserResponse,
  ExportUsersRequest,
  ExportUsersResponse,
  FinishPasskeyLoginRequest,
  FinishPasskeyRegistrationRequest,
  FinishPasskeyRegistrationResponse,
  FinishProviderLoginRequest,
  FinishProviderLoginResponse,
  GenerateRecoveryCodesRequest,
  GenerateRecoveryCodesResponse,
  GenerateTotpSecretRequest,
  GenerateTotpSecretResponse,
  GetOrganizationRequest,
  GetUserRequest,
  GetUserResponse,
  HashPasswordRequest,
  HashPasswordResponse,
  ImpersonateRequest,
  ImportUsersRequest,
  ImportUsersResponse,
  IntrospectRemoteRequest,
  IntrospectRemoteResponse,
  IntrospectRequest,
  IntrospectResponse,
  InviteMemberRequest,
  InviteMemberResponse,
  InviteUserRequest,
  InviteUserResponse,
  IssueTokenRequest,
  IssueTokenResponse,
  JwksRequest,
  JwksResponse,
  ListApiKeysRequest,
  ListApiKeysResponse,
  ListIdentitiesRequest,
  ListIdentitiesResponse,
  ListInvitationsRequest,
  ListInvitationsResponse,
  ListKeysRequest,
  ListKeysResponse,
  ListMembersRequest,
  ListMembersResponse,
  ListOrganizationsRequest,
  ListOrganizationsResponse,
  ListPasskeysRequest,
  ListPasskeysResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  ListTrustedDevicesRequest,
  ListTrustedDevicesResponse,
  ListUsersRequest,
  ListUsersResponse,
  LockUserRequest,
  LockUserResponse,
  LoginRequest,
  LoginResponse,
  LoginWithIdTokenRequest,
  LoginWithIdTokenResponse,
  LoginWithMailTokenRequest,
  LogoutRequest,
  LogoutResponse,
  MaintainRequest,
  MaintainResponse,
  MemberResponse,
  MergeAttributesRequest,
  NextProviderRequestRequest,
  NextProviderRequestResponse,
  OrganizationResponse,
  PasskeySignalsRequest,
  PasskeySignalsResponse,
  Provisioning,
  ReauthenticateRequest,
  ReauthenticateResponse,
  RecoveryCodesStatusRequest,
  RecoveryCodesStatusResponse,
  RefreshRequest,
  RefreshResponse,
  RegisterRequest,
  RegisterResponse,
  RelatedOriginsRequest,
  RelatedOriginsResponse,
  RemoveMemberRequest,
  RemoveMemberResponse,
  RemovePasskeyRequest,
  RemovePasskeyResponse,
  RemoveSecondFactorsRequest,
  RemoveSecondFactorsResponse,
  RequestEmailChangeRequest,
  RequestEmailChangeResponse,
  RequestEmailVerificationRequest,
  RequestLoginCodeRequest,
  RequestLoginCodeResponse,
  RequestPasswordResetRequest,
  ResetPasswordRequest,
  RevokeAllSessionsRequest,
  RevokeApiKeyRequest,
  RevokeApiKeyResponse,
  RevokeInvitationRequest,
  RevokeInvitationResponse,
  RevokeSessionRequest,
  RevokeTokenRequest,
  RevokeTokenResponse,
  RevokeTrustedDeviceRequest,
  RevokeTrustedDeviceResponse,
  RevokeUserSessionsRequest,
  RevokedResponse,
  RotateKeysRequest,
  RotateKeysResponse,
  SearchUsersRequest,
  SearchUsersResponse,
  SentResponse,
  SetPasswordRequest,
  SetupTotpRequest,
  SetupTotpResponse,
  StatsRequest,
  StatsResponse,
  StepUp,
  TakeMailRequest,
  TakeMailResponse,
  TotpProvisioningUriRequest,
  TotpStatusRequest,
  TotpStatusResponse,
  UnlinkIdentityRequest,
  UnlinkIdentityResponse,
  UpdateApiKeyRequest,
  UpdateApiKeyResponse,
  UpdateMemberRequest,
  UpdateOrganizationRequest,
  UpdatePasskeyRequest,
  UpdatePasskeyResponse,
  UpdateSessionRequest,
  UpdateSessionResponse,
  UpdateUserRequest,
  UserResponse,
  VerifyEmailRequest,
  VerifyEventsRequest,
  VerifyEventsResponse,
  VerifyPasswordRequest,
  VerifyPasswordResponse,
  VerifyRequest,
  VerifyTotpRequest,
  VerifyTotpResponse,
} from './types.js'

/** The operations. Those that only compute answer at once, the others by a promise. */
export abstract class Operations {
  /**
   * Creates an account.
   *
   * - InvalidRequestError: weak_password.
   * - ConflictError: username_taken, email_taken.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  register(request: RegisterRequest, options?: CallOptions): Promise<RegisterResponse> {
    return this.start('register', request, options)
  }

  /**
   * Finds an account by id, username, e-mail address or external id.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  getUser(request: GetUserRequest = {}, options?: CallOptions): Promise<GetUserResponse> {
    return this.start('get_user', request, options)
  }

  /**
   * Lists accounts in the order of their ids.
   *
   * - UnavailableError: store_unavailable.
   */
  listUsers(request: ListUsersRequest = {}, options?: CallOptions): Promise<ListUsersResponse> {
    return this.start('list_users', request, options)
  }

  /**
   * Searches accounts by the beginning of a name, by filters, in an order.
   *
   * - UnavailableError: store_unavailable.
   */
  searchUsers(request: SearchUsersRequest = {}, options?: CallOptions): Promise<SearchUsersResponse> {
    return this.start('search_users', request, options)
  }

  /**
   * Changes an account.
   *
   * - NotFoundError: user_not_found.
   * - ConflictError: username_taken, email_taken, external_id_taken.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  updateUser(request: UpdateUserRequest, options?: CallOptions): Promise<UserResponse> {
    return this.start('update_user', request, options)
  }

  /**
   * Changes single attributes of an account by a JSON Merge Patch.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  mergeAttributes(request: MergeAttributesRequest, options?: CallOptions): Promise<UserResponse> {
    return this.start('merge_attributes', request, options)
  }

  /**
   * Locks an account and ends everything that is open.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  lockUser(request: LockUserRequest, options?: CallOptions): Promise<LockUserResponse> {
    return this.start('lock_user', request, options)
  }

  /**
   * Deletes an account and all data about it.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - ConflictError: store_constraint.
   * - UnavailableError: store_unavailable.
   */
  deleteUser(request: DeleteUserRequest, options?: CallOptions): Promise<DeleteUserResponse> {
    return this.start('delete_user', request, options)
  }

  /**
   * Creates accounts with the password hashes and second factors of another system.
   *
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  importUsers(request: ImportUsersRequest, options?: CallOptions): Promise<ImportUsersResponse> {
    return this.start('import_users', request, options)
  }

  /**
   * Reads accounts, with secrets if they are asked for, in the form of `import_users`.
   *
   * - UnavailableError: store_unavailable.
   */
  exportUsers(request: ExportUsersRequest = {}, options?: CallOptions): Promise<ExportUsersResponse> {
    return this.start('export_users', request, options)
  }

  /**
   * Reads everything that the store keeps about a person.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  exportUser(request: ExportUserRequest, options?: CallOptions): Promise<ExportUserResponse> {
    return this.start('export_user', request, options)
  }

  /**
   * Hashes a password with Argon2id.
   *
   * - UnavailableError: hash_queue_full.
   */
  hashPassword(request: HashPasswordRequest, options?: CallOptions): Promise<HashPasswordResponse> {
    return this.start('hash_password', request, options)
  }

  /**
   * Verifies a password against a hash.
   *
   * - UnavailableError: hash_queue_full.
   */
  verifyPassword(request: VerifyPasswordRequest, options?: CallOptions): Promise<VerifyPasswordResponse> {
    return this.start('verify_password', request, options)
  }

  /**
   * Checks whether a password may be chosen, and says why not.
   *
   * - ConfigError: invalid_config.
   */
  checkPassword(request: CheckPasswordRequest, options?: CallOptions): Promise<CheckPasswordResponse> {
    return this.start('check_password', request, options)
  }

  /**
   * Changes a password by the old one and ends every session.
   *
   * - DeniedError: invalid_credentials, invalid_token.
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - InvalidRequestError: weak_password.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  changePassword(request: ChangePasswordRequest, options?: CallOptions): Promise<ChangePasswordResponse> {
    return this.start('change_password', request, options)
  }

  /**
   * Sets a user's password, to be changed at the next login, and ends every session.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - InvalidRequestError: weak_password.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  setPassword(request: SetPasswordRequest, options?: CallOptions): Promise<UserResponse> {
    return this.start('set_password', request, options)
  }

  /**
   * Logs in by password and opens a session.
   *
   * - DeniedError: invalid_credentials, invalid_code.
   * - StepUp: second_factor_required, password_change_required.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  login(request: LoginRequest, options?: CallOptions): Promise<LoginResponse | StepUp> {
    return this.start('login', request, options)
  }

  /**
   * Takes the next step of a login and opens its session.
   *
   * - DeniedError: invalid_challenge, invalid_code, invalid_credentials.
   * - ForbiddenError: email_not_verified, permission_denied.
   * - ConflictError: already_configured.
   * - StepUp: second_factor_required, password_change_required.
   * - ThrottledError: too_many_attempts.
   * - InvalidRequestError: weak_password.
   * - UnavailableError: hash_queue_full, store_unavailable.
   * - ConfigError: invalid_config.
   */
  completeLogin(request: CompleteLoginRequest, options?: CallOptions): Promise<LoginResponse | StepUp> {
    return this.start('complete_login', request, options)
  }

  /**
   * Logs in by an ID token of a configured OpenID provider and opens a session.
   *
   * - DeniedError: invalid_credentials, invalid_token.
   * - StepUp: second_factor_required.
   * - ConflictError: email_taken.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: auth_service_unavailable, store_unavailable.
   */
  loginWithIdToken(
    request: LoginWithIdTokenRequest,
    options?: CallOptions,
  ): Promise<LoginWithIdTokenResponse | StepUp> {
    return this.start('login_with_id_token', request, options)
  }

  /**
   * Begins a login at a provider: returns the URL to send the browser to.
   *
   * - DeniedError: invalid_token, user_not_found.
   * - ForbiddenError: permission_denied, email_not_verified.
   * - UnavailableError: auth_service_unavailable, store_unavailable.
   * - ConfigError: invalid_config, feature_not_built.
   */
  beginProviderLogin(
    request: BeginProviderLoginRequest,
    options?: CallOptions,
  ): Promise<BeginProviderLoginResponse> {
    return this.start('begin_provider_login', request, options)
  }

  /**
   * Returns the next request to a provider, for a host that sends them itself.
   *
   * - DeniedError: invalid_challenge.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  nextProviderRequest(
    request: NextProviderRequestRequest,
    options?: CallOptions,
  ): Promise<NextProviderRequestResponse> {
    return this.start('next_provider_request', request, options)
  }

  /**
   * Finishes a login at a provider and opens a session, or links the identity to an account.
   *
   * - DeniedError: invalid_challenge, invalid_credentials, invalid_token, user_not_found.
   * - ForbiddenError: permission_denied, email_not_verified.
   * - StepUp: second_factor_required.
   * - ConflictError: email_taken, already_configured.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: auth_service_unavailable, store_unavailable.
   */
  finishProviderLogin(
    request: FinishProviderLoginRequest,
    options?: CallOptions,
  ): Promise<FinishProviderLoginResponse | StepUp> {
    return this.start('finish_provider_login', request, options)
  }

  /**
   * Lists the identities of providers that open an account.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  listIdentities(request: ListIdentitiesRequest, options?: CallOptions): Promise<ListIdentitiesResponse> {
    return this.start('list_identities', request, options)
  }

  /**
   * Unlinks an identity of a provider from an account and ends every session.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  unlinkIdentity(request: UnlinkIdentityRequest, options?: CallOptions): Promise<UnlinkIdentityResponse> {
    return this.start('unlink_identity', request, options)
  }

  /**
   * Authenticates the user of a session again.
   *
   * - DeniedError: invalid_token, user_not_found, invalid_credentials, invalid_code.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  reauthenticate(request: ReauthenticateRequest, options?: CallOptions): Promise<ReauthenticateResponse> {
    return this.start('reauthenticate', request, options)
  }

  /**
   * Opens a session in which the user of a token acts as another user.
   *
   * - DeniedError: invalid_token, user_not_found.
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  impersonate(request: ImpersonateRequest, options?: CallOptions): Promise<LoginResponse> {
    return this.start('impersonate', request, options)
  }

  /**
   * Exchanges a refresh token for the next pair of tokens.
   *
   * - DeniedError: invalid_token.
   * - UnavailableError: store_unavailable.
   */
  refresh(request: RefreshRequest, options?: CallOptions): Promise<RefreshResponse> {
    return this.start('refresh', request, options)
  }

  /**
   * Ends a session, or every session of its user.
   *
   * - DeniedError: invalid_token.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  logout(request: LogoutRequest = {}, options?: CallOptions): Promise<LogoutResponse> {
    return this.start('logout', request, options)
  }

  /**
   * Lists the live sessions of a user.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  listSessions(request: ListSessionsRequest, options?: CallOptions): Promise<ListSessionsResponse> {
    return this.start('list_sessions', request, options)
  }

  /**
   * Gives a session another label or other claims.
   *
   * - DeniedError: invalid_token, user_not_found.
   * - NotFoundError: session_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  updateSession(request: UpdateSessionRequest = {}, options?: CallOptions): Promise<UpdateSessionResponse> {
    return this.start('update_session', request, options)
  }

  /**
   * Ends one session.
   *
   * - UnavailableError: store_unavailable.
   */
  revokeSession(request: RevokeSessionRequest, options?: CallOptions): Promise<RevokedResponse> {
    return this.start('revoke_session', request, options)
  }

  /**
   * Ends every session of a user, except one if asked.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  revokeUserSessions(request: RevokeUserSessionsRequest, options?: CallOptions): Promise<RevokedResponse> {
    return this.start('revoke_user_sessions', request, options)
  }

  /**
   * Ends every session of every user.
   *
   * - UnavailableError: store_unavailable.
   */
  revokeAllSessions(request: RevokeAllSessionsRequest = {}, options?: CallOptions): Promise<RevokedResponse> {
    return this.start('revoke_all_sessions', request, options)
  }

  /**
   * Revokes a token with its session (RFC 7009), or an API key.
   *
   * - UnavailableError: store_unavailable.
   */
  revokeToken(request: RevokeTokenRequest = {}, options?: CallOptions): Promise<RevokeTokenResponse> {
    return this.start('revoke_token', request, options)
  }

  /**
   * Verifies an access token by signature and claims, without the store.
   *
   * - DeniedError: invalid_token.
   * - UnavailableError: store_unavailable.
   */
  verify(request: VerifyRequest): Claims {
    return this.compute('verify', request)
  }

  /**
   * Identifies the user of a live token or API key.
   *
   * - DeniedError: not_authenticated, invalid_authorization_header, invalid_token, user_not_found.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  authenticate(request: AuthenticateRequest = {}, options?: CallOptions): Promise<AuthenticateResponse> {
    return this.start('authenticate', request, options)
  }

  /**
   * Tells whether a token or API key is valid now (RFC 7662); an invalid one is no failure.
   *
   * - UnavailableError: store_unavailable.
   */
  introspect(request: IntrospectRequest, options?: CallOptions): Promise<IntrospectResponse> {
    return this.start('introspect', request, options)
  }

  /**
   * Issues an access token with the host's own claims.
   *
   * - UnavailableError: store_unavailable.
   */
  issueToken(request: IssueTokenRequest, options?: CallOptions): Promise<IssueTokenResponse> {
    return this.start('issue_token', request, options)
  }

  /**
   * Decides whether a request may pass, and identifies its user.
   *
   * - DeniedError: not_authenticated, invalid_authorization_header, invalid_token, user_not_found.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  authenticateRequest(
    request: AuthenticateRequestRequest,
    options?: CallOptions,
  ): Promise<AuthenticateRequestResponse> {
    return this.start('authenticate_request', request, options)
  }

  /**
   * Asks another service whether a token is valid now (RFC 7662).
   *
   * - DeniedError: invalid_token.
   * - UnavailableError: auth_service_unavailable.
   * - ConfigError: invalid_config, feature_not_built.
   */
  introspectRemote(
    request: IntrospectRemoteRequest,
    options?: CallOptions,
  ): Promise<IntrospectRemoteResponse> {
    return this.start('introspect_remote', request, options)
  }

  /**
   * Checks whether the bearer of a token or API key may do something, by the account as it is now.
   *
   * - UnavailableError: store_unavailable.
   */
  authorize(request: AuthorizeRequest, options?: CallOptions): Promise<AuthorizeResponse> {
    return this.start('authorize', request, options)
  }

  /**
   * Creates an account for a program, which has API keys and cannot log in.
   *
   * - ConflictError: username_taken.
   * - UnavailableError: store_unavailable.
   */
  createServiceAccount(request: CreateServiceAccountRequest, options?: CallOptions): Promise<UserResponse> {
    return this.start('create_service_account', request, options)
  }

  /**
   * Creates an API key, which is shown once.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: email_not_verified, permission_denied.
   * - UnavailableError: store_unavailable.
   */
  createApiKey(request: CreateApiKeyRequest, options?: CallOptions): Promise<CreateApiKeyResponse> {
    return this.start('create_api_key', request, options)
  }

  /**
   * Lists the API keys of an account, without the keys themselves.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  listApiKeys(request: ListApiKeysRequest, options?: CallOptions): Promise<ListApiKeysResponse> {
    return this.start('list_api_keys', request, options)
  }

  /**
   * Changes the name, scopes, roles or expiry of an API key.
   *
   * - NotFoundError: api_key_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  updateApiKey(request: UpdateApiKeyRequest, options?: CallOptions): Promise<UpdateApiKeyResponse> {
    return this.start('update_api_key', request, options)
  }

  /**
   * Revokes an API key.
   *
   * - UnavailableError: store_unavailable.
   */
  revokeApiKey(request: RevokeApiKeyRequest, options?: CallOptions): Promise<RevokeApiKeyResponse> {
    return this.start('revoke_api_key', request, options)
  }

  /**
   * Creates an organization with its first owner.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  createOrganization(
    request: CreateOrganizationRequest,
    options?: CallOptions,
  ): Promise<OrganizationResponse> {
    return this.start('create_organization', request, options)
  }

  /**
   * Finds an organization by its id.
   *
   * - NotFoundError: organization_not_found.
   * - UnavailableError: store_unavailable.
   */
  getOrganization(request: GetOrganizationRequest, options?: CallOptions): Promise<OrganizationResponse> {
    return this.start('get_organization', request, options)
  }

  /**
   * Lists organizations: all of them, or those of an account.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  listOrganizations(
    request: ListOrganizationsRequest = {},
    options?: CallOptions,
  ): Promise<ListOrganizationsResponse> {
    return this.start('list_organizations', request, options)
  }

  /**
   * Changes an organization.
   *
   * - NotFoundError: organization_not_found.
   * - UnavailableError: store_unavailable.
   */
  updateOrganization(
    request: UpdateOrganizationRequest,
    options?: CallOptions,
  ): Promise<OrganizationResponse> {
    return this.start('update_organization', request, options)
  }

  /**
   * Deletes an organization with its memberships.
   *
   * - NotFoundError: organization_not_found.
   * - ConflictError: store_constraint.
   * - UnavailableError: store_unavailable.
   */
  deleteOrganization(
    request: DeleteOrganizationRequest,
    options?: CallOptions,
  ): Promise<DeleteOrganizationResponse> {
    return this.start('delete_organization', request, options)
  }

  /**
   * Makes an account a member of an organization.
   *
   * - NotFoundError: organization_not_found, user_not_found.
   * - ConflictError: already_member.
   * - UnavailableError: store_unavailable.
   */
  addMember(request: AddMemberRequest, options?: CallOptions): Promise<MemberResponse> {
    return this.start('add_member', request, options)
  }

  /**
   * Changes the roles of a member of an organization.
   *
   * - NotFoundError: member_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  updateMember(request: UpdateMemberRequest, options?: CallOptions): Promise<MemberResponse> {
    return this.start('update_member', request, options)
  }

  /**
   * Removes a member from an organization.
   *
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  removeMember(request: RemoveMemberRequest, options?: CallOptions): Promise<RemoveMemberResponse> {
    return this.start('remove_member', request, options)
  }

  /**
   * Lists the members of an organization.
   *
   * - NotFoundError: organization_not_found.
   * - UnavailableError: store_unavailable.
   */
  listMembers(request: ListMembersRequest, options?: CallOptions): Promise<ListMembersResponse> {
    return this.start('list_members', request, options)
  }

  /**
   * Invites a person by mail to an organization.
   *
   * - NotFoundError: organization_not_found, member_not_found.
   * - ConflictError: already_member.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  inviteMember(request: InviteMemberRequest, options?: CallOptions): Promise<InviteMemberResponse> {
    return this.start('invite_member', request, options)
  }

  /**
   * Lists the invitations to an organization that were not accepted yet.
   *
   * - NotFoundError: organization_not_found.
   * - UnavailableError: store_unavailable.
   */
  listInvitations(request: ListInvitationsRequest, options?: CallOptions): Promise<ListInvitationsResponse> {
    return this.start('list_invitations', request, options)
  }

  /**
   * Revokes an invitation to an organization.
   *
   * - UnavailableError: store_unavailable.
   */
  revokeInvitation(
    request: RevokeInvitationRequest,
    options?: CallOptions,
  ): Promise<RevokeInvitationResponse> {
    return this.start('revoke_invitation', request, options)
  }

  /**
   * Returns the public keys, for services that verify tokens themselves.
   *
   * - UnavailableError: store_unavailable.
   */
  jwks(request: JwksRequest = {}, options?: CallOptions): Promise<JwksResponse> {
    return this.start('jwks', request, options)
  }

  /**
   * Makes a new signing key; the old one verifies until everything that it signed has expired.
   *
   * - UnavailableError: store_unavailable.
   */
  rotateKeys(request: RotateKeysRequest = {}, options?: CallOptions): Promise<RotateKeysResponse> {
    return this.start('rotate_keys', request, options)
  }

  /**
   * Lists signing keys and secret keys, without secrets, and the data that needs an older one.
   *
   * - UnavailableError: store_unavailable.
   */
  listKeys(request: ListKeysRequest = {}, options?: CallOptions): Promise<ListKeysResponse> {
    return this.start('list_keys', request, options)
  }

  /**
   * Mails a token that verifies the address of an account.
   *
   * - DeniedError: invalid_token, user_not_found, invalid_credentials, invalid_challenge.
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  requestEmailVerification(
    request: RequestEmailVerificationRequest = {},
    options?: CallOptions,
  ): Promise<SentResponse> {
    return this.start('request_email_verification', request, options)
  }

  /**
   * Mails a token to the new address of an account, and a notice to the present one.
   *
   * - DeniedError: invalid_token, user_not_found.
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - ConflictError: email_taken.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  requestEmailChange(
    request: RequestEmailChangeRequest,
    options?: CallOptions,
  ): Promise<RequestEmailChangeResponse> {
    return this.start('request_email_change', request, options)
  }

  /**
   * Mails a token that sets a new password.
   *
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  requestPasswordReset(request: RequestPasswordResetRequest, options?: CallOptions): Promise<SentResponse> {
    return this.start('request_password_reset', request, options)
  }

  /**
   * Sets a new password by a mailed token and ends every session.
   *
   * - InvalidRequestError: invalid_token, weak_password.
   * - UnavailableError: hash_queue_full, store_unavailable.
   */
  resetPassword(request: ResetPasswordRequest, options?: CallOptions): Promise<UserResponse> {
    return this.start('reset_password', request, options)
  }

  /**
   * Mails a code and a link that log in.
   *
   * - ThrottledError: too_many_attempts.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  requestLoginCode(
    request: RequestLoginCodeRequest,
    options?: CallOptions,
  ): Promise<RequestLoginCodeResponse> {
    return this.start('request_login_code', request, options)
  }

  /**
   * Logs in by a mailed link and opens a session.
   *
   * - InvalidRequestError: invalid_token.
   * - StepUp: second_factor_required.
   * - ForbiddenError: permission_denied.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  loginWithMailToken(
    request: LoginWithMailTokenRequest,
    options?: CallOptions,
  ): Promise<LoginResponse | StepUp> {
    return this.start('login_with_mail_token', request, options)
  }

  /**
   * Invites a person by mail to an account with these roles.
   *
   * - ConflictError: email_taken, external_id_taken.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  inviteUser(request: InviteUserRequest, options?: CallOptions): Promise<InviteUserResponse> {
    return this.start('invite_user', request, options)
  }

  /**
   * Accepts an invitation: to an account, which gets a name and a way in, or to an organization.
   *
   * - InvalidRequestError: invalid_token, weak_password.
   * - DeniedError: not_authenticated, user_not_found, invalid_credentials.
   * - ForbiddenError: permission_denied.
   * - ConflictError: username_taken, already_configured, already_member.
   * - ConfigError: invalid_config.
   * - UnavailableError: auth_service_unavailable, hash_queue_full, store_unavailable.
   */
  acceptInvitation(
    request: AcceptInvitationRequest,
    options?: CallOptions,
  ): Promise<AcceptInvitationResponse> {
    return this.start('accept_invitation', request, options)
  }

  /**
   * Verifies or changes an address by the token mailed to it and a proof of the account.
   *
   * - InvalidRequestError: invalid_token.
   * - DeniedError: not_authenticated, user_not_found, invalid_credentials, invalid_challenge.
   * - ForbiddenError: permission_denied.
   * - ConflictError: email_taken.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: auth_service_unavailable, hash_queue_full, store_unavailable.
   */
  verifyEmail(request: VerifyEmailRequest, options?: CallOptions): Promise<UserResponse> {
    return this.start('verify_email', request, options)
  }

  /**
   * Tells what a mailed token is for, without redeeming it.
   *
   * - InvalidRequestError: invalid_token.
   * - UnavailableError: store_unavailable.
   */
  checkMailToken(request: CheckMailTokenRequest, options?: CallOptions): Promise<CheckMailTokenResponse> {
    return this.start('check_mail_token', request, options)
  }

  /**
   * Takes mails out of the outbox, for hosts that send mails themselves.
   *
   * - UnavailableError: store_unavailable.
   */
  takeMail(request: TakeMailRequest = {}, options?: CallOptions): Promise<TakeMailResponse> {
    return this.start('take_mail', request, options)
  }

  /**
   * Reports whether a mail that was taken was sent.
   *
   * - UnavailableError: store_unavailable.
   */
  acknowledgeMail(request: AcknowledgeMailRequest, options?: CallOptions): Promise<AcknowledgeMailResponse> {
    return this.start('acknowledge_mail', request, options)
  }

  /**
   * Sends the mails that are due by SMTP.
   *
   * - UnavailableError: mail_unavailable, store_unavailable.
   * - ConfigError: invalid_config, feature_not_built.
   */
  deliverMail(request: DeliverMailRequest = {}, options?: CallOptions): Promise<DeliverMailResponse> {
    return this.start('deliver_mail', request, options)
  }

  /** Makes a secret for an authenticator app. */
  generateTotpSecret(request: GenerateTotpSecretRequest = {}): GenerateTotpSecretResponse {
    return this.compute('generate_totp_secret', request)
  }

  /** Writes a secret as a URI and a QR code for an authenticator app. */
  totpProvisioningUri(request: TotpProvisioningUriRequest): Provisioning {
    return this.compute('totp_provisioning_uri', request)
  }

  /** Verifies a code by its secret alone, any number of times. */
  verifyTotp(request: VerifyTotpRequest): VerifyTotpResponse {
    return this.compute('verify_totp', request)
  }

  /**
   * Sets up an authenticator app for an account; it is not a factor until it is confirmed.
   *
   * - NotFoundError: user_not_found.
   * - DeniedError: invalid_challenge.
   * - ForbiddenError: email_not_verified, permission_denied.
   * - UnavailableError: store_unavailable.
   */
  setupTotp(request: SetupTotpRequest = {}, options?: CallOptions): Promise<SetupTotpResponse> {
    return this.start('setup_totp', request, options)
  }

  /**
   * Activates an authenticator app by its first code and ends every session.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: email_not_verified.
   * - DeniedError: invalid_code.
   * - ConflictError: already_configured.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  confirmTotp(request: ConfirmTotpRequest, options?: CallOptions): Promise<ConfirmTotpResponse> {
    return this.start('confirm_totp', request, options)
  }

  /**
   * Tells whether an account has an active authenticator app.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  totpStatus(request: TotpStatusRequest, options?: CallOptions): Promise<TotpStatusResponse> {
    return this.start('totp_status', request, options)
  }

  /**
   * Removes an authenticator app by a code and ends every session.
   *
   * - NotFoundError: user_not_found.
   * - DeniedError: invalid_code.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - UnavailableError: store_unavailable.
   */
  disableTotp(request: DisableTotpRequest, options?: CallOptions): Promise<TotpStatusResponse> {
    return this.start('disable_totp', request, options)
  }

  /**
   * Replaces the recovery codes of an account and ends every session.
   *
   * - DeniedError: invalid_token, user_not_found.
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  generateRecoveryCodes(
    request: GenerateRecoveryCodesRequest = {},
    options?: CallOptions,
  ): Promise<GenerateRecoveryCodesResponse> {
    return this.start('generate_recovery_codes', request, options)
  }

  /**
   * Counts the unused recovery codes of an account.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  recoveryCodesStatus(
    request: RecoveryCodesStatusRequest,
    options?: CallOptions,
  ): Promise<RecoveryCodesStatusResponse> {
    return this.start('recovery_codes_status', request, options)
  }

  /**
   * Removes the second factors of an account without a proof of its user, and ends every session.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  removeSecondFactors(
    request: RemoveSecondFactorsRequest,
    options?: CallOptions,
  ): Promise<RemoveSecondFactorsResponse> {
    return this.start('remove_second_factors', request, options)
  }

  /**
   * Lists the devices on which a user needs no second factor.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  listTrustedDevices(
    request: ListTrustedDevicesRequest,
    options?: CallOptions,
  ): Promise<ListTrustedDevicesResponse> {
    return this.start('list_trusted_devices', request, options)
  }

  /**
   * Revokes the trust in a device of a user, or in all of them.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  revokeTrustedDevice(
    request: RevokeTrustedDeviceRequest,
    options?: CallOptions,
  ): Promise<RevokeTrustedDeviceResponse> {
    return this.start('revoke_trusted_device', request, options)
  }

  /**
   * Begins to register a passkey for an account.
   *
   * - DeniedError: invalid_token, user_not_found, invalid_challenge.
   * - NotFoundError: user_not_found.
   * - InvalidRequestError: invalid_token.
   * - ForbiddenError: email_not_verified, permission_denied.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  beginPasskeyRegistration(
    request: BeginPasskeyRegistrationRequest = {},
    options?: CallOptions,
  ): Promise<BeginPasskeyRegistrationResponse> {
    return this.start('begin_passkey_registration', request, options)
  }

  /**
   * Registers the passkey and ends every session, unless they are to be kept.
   *
   * - DeniedError: invalid_challenge, invalid_credentials.
   * - ConflictError: already_configured.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  finishPasskeyRegistration(
    request: FinishPasskeyRegistrationRequest,
    options?: CallOptions,
  ): Promise<FinishPasskeyRegistrationResponse> {
    return this.start('finish_passkey_registration', request, options)
  }

  /**
   * Begins a login by passkey.
   *
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  beginPasskeyLogin(
    request: BeginPasskeyLoginRequest = {},
    options?: CallOptions,
  ): Promise<BeginPasskeyLoginResponse> {
    return this.start('begin_passkey_login', request, options)
  }

  /**
   * Logs in by a passkey alone and opens a session.
   *
   * - DeniedError: invalid_credentials, invalid_challenge.
   * - ForbiddenError: permission_denied.
   * - ThrottledError: too_many_attempts.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  finishPasskeyLogin(request: FinishPasskeyLoginRequest, options?: CallOptions): Promise<LoginResponse> {
    return this.start('finish_passkey_login', request, options)
  }

  /**
   * Lists the passkeys of an account.
   *
   * - NotFoundError: user_not_found.
   * - UnavailableError: store_unavailable.
   */
  listPasskeys(request: ListPasskeysRequest, options?: CallOptions): Promise<ListPasskeysResponse> {
    return this.start('list_passkeys', request, options)
  }

  /**
   * Gives a passkey another name.
   *
   * - NotFoundError: passkey_not_found.
   * - UnavailableError: store_unavailable.
   */
  updatePasskey(request: UpdatePasskeyRequest, options?: CallOptions): Promise<UpdatePasskeyResponse> {
    return this.start('update_passkey', request, options)
  }

  /**
   * Returns what a page tells the authenticator about an account's passkeys.
   *
   * - NotFoundError: user_not_found.
   * - ConfigError: invalid_config.
   * - UnavailableError: store_unavailable.
   */
  passkeySignals(request: PasskeySignalsRequest, options?: CallOptions): Promise<PasskeySignalsResponse> {
    return this.start('passkey_signals', request, options)
  }

  /**
   * Returns the origins that may use the passkeys, for `/.well-known/webauthn`.
   *
   * - ConfigError: invalid_config.
   */
  relatedOrigins(request: RelatedOriginsRequest = {}): RelatedOriginsResponse {
    return this.compute('related_origins', request)
  }

  /**
   * Removes a passkey and ends every session.
   *
   * - NotFoundError: user_not_found.
   * - ForbiddenError: permission_denied.
   * - UnavailableError: store_unavailable.
   */
  removePasskey(request: RemovePasskeyRequest, options?: CallOptions): Promise<RemovePasskeyResponse> {
    return this.start('remove_passkey', request, options)
  }

  /**
   * Reads the audit log.
   *
   * - UnavailableError: store_unavailable.
   */
  events(request: EventsRequest = {}, options?: CallOptions): Promise<EventsResponse> {
    return this.start('events', request, options)
  }

  /**
   * Verifies the chain over the audit log.
   *
   * - UnavailableError: store_unavailable.
   */
  verifyEvents(request: VerifyEventsRequest = {}, options?: CallOptions): Promise<VerifyEventsResponse> {
    return this.start('verify_events', request, options)
  }

  /**
   * Returns figures: calls by operation and status, their durations, and the contents of the store.
   *
   * - UnavailableError: store_unavailable.
   */
  stats(request: StatsRequest = {}, options?: CallOptions): Promise<StatsResponse> {
    return this.start('stats', request, options)
  }

  /** Checks the running configuration on this machine. */
  doctor(request: DoctorRequest = {}, options?: CallOptions): Promise<DoctorResponse> {
    return this.start('doctor', request, options)
  }

  /**
   * Purges expired data.
   *
   * - UnavailableError: store_unavailable.
   */
  maintain(request: MaintainRequest = {}, options?: CallOptions): Promise<MaintainResponse> {
    return this.start('maintain', request, options)
  }

  /**
   * Copies a SQLite store into a file while it is in use.
   *
   * - ConfigError: feature_not_built.
   * - UnavailableError: store_unavailable.
   */
  backup(request: BackupRequest, options?: CallOptions): Promise<BackupResponse> {
    return this.start('backup', request, options)
  }

  /** Runs an operation on another thread. */
  protected abstract start<T>(operation: string, request: object, options?: CallOptions): Promise<T>

  /** Runs an operation that only computes. */
  protected abstract compute<T>(operation: string, request: object): T
}
