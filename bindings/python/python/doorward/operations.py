"""One typed method for each operation.

Written by `make header` from the description of the library: do not edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

from doorward import _doorward
from doorward.models import app as models


class Operations(_doorward.Engine):
    """The operations; a failure raises an AuthError. `verify` is native."""

    def register(
        self,
        *,
        username: str,
        password: str,
        actor: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        email: str | None = None,
        locale: str | None = None,
        roles: Sequence[str] | None = None,
    ) -> models.RegisterResponse:
        """Creates an account.

        username: The name to log in with; RFC 8265 UsernameCaseMapped, without `@`.
        password: The password; hashed with Argon2id and forgotten.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        attributes: What else the host keeps with the account: at most 16 KiB.
        client: From where the user comes: too many registrations from one address of the network are
            refused.
        email: The e-mail address; required unless `registration.require_email` is off.
        locale: The language of mails to this user (BCP 47).
        roles: The roles; default: `registration.default_roles`.

        Failures: weak_password, username_taken, email_taken, too_many_attempts, hash_queue_full,
        store_unavailable.
        """
        fields: dict[str, object] = {
            "username": username,
            "password": password,
            "actor": actor,
            "attributes": attributes,
            "client": client,
            "email": email,
            "locale": locale,
            "roles": roles,
        }
        answer = self.call("register", _text(fields))
        return models.RegisterResponse.model_validate(answer)

    def get_user(
        self,
        *,
        email: str | None = None,
        id: str | None = None,
        query: str | None = None,
        status: bool | None = None,
        username: str | None = None,
    ) -> models.GetUserResponse:
        """Finds an account by id, name or e-mail address.

        email: By e-mail address.
        id: By id.
        query: By name, else by e-mail address.
        status: Whether to tell how the account stands, for who administers; default: false.
        username: By name.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "email": email,
            "id": id,
            "query": query,
            "status": status,
            "username": username,
        }
        answer = self.call("get_user", _text(fields))
        return models.GetUserResponse.model_validate(answer)

    def list_users(
        self,
        *,
        after: str | None = None,
        is_active: bool | None = None,
        limit: int | None = None,
        locked: bool | None = None,
        role: str | None = None,
        skip: int | None = None,
    ) -> models.ListUsersResponse:
        """Lists accounts in the order of their ids.

        after: Only accounts after this id: `next` of the page before.
        is_active: Only active accounts, or only inactive ones.
        limit: How many to return: 1 to 1000, default 100.
        locked: Only accounts that a lock keeps somebody out of now, after too many failures: `status` of
            `get_user` says which. The codes of every account are compared with the locks, 20,000 accounts in
            a call: a page may have fewer accounts than `limit`, or none, and a `next`.
        role: Only accounts with this role.
        skip: How many to pass over; not with `locked`.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "after": after,
            "is_active": is_active,
            "limit": limit,
            "locked": locked,
            "role": role,
            "skip": skip,
        }
        answer = self.call("list_users", _text(fields))
        return models.ListUsersResponse.model_validate(answer)

    def update_user(
        self,
        *,
        id: str,
        actor: str | None = None,
        add_roles: Sequence[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        email: str | None = None,
        email_verified: bool | None = None,
        is_active: bool | None = None,
        locale: str | None = None,
        must_change_password: bool | None = None,
        reclaim: bool | None = None,
        remove_roles: Sequence[str] | None = None,
        roles: Sequence[str] | None = None,
        unlock: bool | None = None,
        username: str | None = None,
    ) -> models.UserResponse:
        """Changes an account.

        id: Which.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        add_roles: Roles to add to those that it has then; not with `roles`.
        attributes: The new attributes, instead of all it had.
        email: The new address; it counts as not verified, unless it is the same to the letter, or
            `email_verified` says so.
        email_verified: Whether the address counts as verified: the caller checked it by other means.
            Password, sessions and factors stay, also those that somebody else set up: see `reclaim`. Refused
            if another account verified this address; an account that claims it without having verified it
            loses the claim.
        is_active: Whether the account may log in. An account that no longer may loses its sessions; one
            that may is also opened again after too many failed logins.
        locale: The language of mails to this user.
        must_change_password: Whether the next login by password ends with a new one. Sessions stay.
        reclaim: With `email_verified`, of an account whose user never proved an address: takes away what
            opened it before, as its maker may have been somebody else: password, sessions, second factors,
            passkeys and identities. What a caller said by `email_verified` is no such proof. Default: false.
        remove_roles: Roles to take away, also of those that are added; not with `roles`.
        roles: The new roles, instead of all it had.
        unlock: Whether to open the account again that was closed after too many failures, by every name,
            on every device and for codes of an app. Whether it may log in stays as it is.
        username: The new name.

        Failures: user_not_found, username_taken, email_taken, permission_denied, store_unavailable.
        """
        fields: dict[str, object] = {
            "id": id,
            "actor": actor,
            "add_roles": add_roles,
            "attributes": attributes,
            "email": email,
            "email_verified": email_verified,
            "is_active": is_active,
            "locale": locale,
            "must_change_password": must_change_password,
            "reclaim": reclaim,
            "remove_roles": remove_roles,
            "roles": roles,
            "unlock": unlock,
            "username": username,
        }
        answer = self.call("update_user", _text(fields))
        return models.UserResponse.model_validate(answer)

    def delete_user(
        self,
        *,
        id: str,
        actor: str | None = None,
    ) -> models.DeleteUserResponse:
        """Deletes an account and everything about it.

        id: Which.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.

        Failures: user_not_found, permission_denied, store_constraint, store_unavailable.
        """
        fields: dict[str, object] = {
            "id": id,
            "actor": actor,
        }
        answer = self.call("delete_user", _text(fields))
        return models.DeleteUserResponse.model_validate(answer)

    def import_users(
        self,
        *,
        users: Sequence[models.ImportedUser | Mapping[str, Any]],
        actor: str | None = None,
        dry_run: bool | None = None,
        on_conflict: str | None = None,
    ) -> models.ImportUsersResponse:
        """Creates accounts with the password hashes that another system made.

        users: The accounts, in the order in which they are tried; at most 10,000.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        dry_run: Create nothing, only report.
        on_conflict: What a problem with one account does to the others: `fail`, the default, imports
            nothing; `skip` imports the others.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "users": users,
            "actor": actor,
            "dry_run": dry_run,
            "on_conflict": on_conflict,
        }
        answer = self.call("import_users", _text(fields))
        return models.ImportUsersResponse.model_validate(answer)

    def export_user(
        self,
        *,
        id: str,
        after: str | None = None,
    ) -> models.ExportUserResponse:
        """Reads everything that is kept on a person.

        id: Who.
        after: Only sessions and events after this id: `next` of the page before.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "id": id,
            "after": after,
        }
        answer = self.call("export_user", _text(fields))
        return models.ExportUserResponse.model_validate(answer)

    def hash_password(
        self,
        *,
        password: str,
    ) -> models.HashPasswordResponse:
        """Hashes a password with Argon2id.

        password: The password, not longer than `password.max_bytes`. The policy for new passwords is not
            applied.

        Failures: hash_queue_full.
        """
        fields: dict[str, object] = {
            "password": password,
        }
        answer = self.call("hash_password", _text(fields))
        return models.HashPasswordResponse.model_validate(answer)

    def verify_password(
        self,
        *,
        password: str,
        hash: str,
    ) -> models.VerifyPasswordResponse:
        """Verifies a password against a hash.

        password: The password.
        hash: The hash: Argon2 in PHC string format; bcrypt, scrypt or PBKDF2 in the forms of passlib,
            Django, Werkzeug and Firebase (docs/migrating.md).

        Failures: hash_queue_full.
        """
        fields: dict[str, object] = {
            "password": password,
            "hash": hash,
        }
        answer = self.call("verify_password", _text(fields))
        return models.VerifyPasswordResponse.model_validate(answer)

    def check_password(
        self,
        *,
        password: str,
        user_inputs: Sequence[str] | None = None,
    ) -> models.CheckPasswordResponse:
        """Says whether a password may be chosen, and why not.

        password: The password.
        user_inputs: Words that an attacker would try first, such as the user's names: at most 100.
        """
        fields: dict[str, object] = {
            "password": password,
            "user_inputs": user_inputs,
        }
        answer = self.call("check_password", _text(fields))
        return models.CheckPasswordResponse.model_validate(answer)

    def change_password(
        self,
        *,
        old_password: str,
        new_password: str,
        client: models.Client | Mapping[str, Any] | None = None,
        token: str | None = None,
        user_id: str | None = None,
    ) -> models.ChangePasswordResponse:
        """Changes a password by the old one; ends every session.

        old_password: The password as it is; wrong ones count as failed logins do.
        new_password: The password as it shall be.
        client: From where the user comes, as far as the host knows.
        token: An access token of theirs, live.
        user_id: Their id, where the host knows who it is.

        Failures: invalid_credentials, invalid_token, user_not_found, weak_password, too_many_attempts,
        hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "old_password": old_password,
            "new_password": new_password,
            "client": client,
            "token": token,
            "user_id": user_id,
        }
        answer = self.call("change_password", _text(fields))
        return models.ChangePasswordResponse.model_validate(answer)

    def set_password(
        self,
        *,
        user_id: str,
        new_password: str,
        actor: str | None = None,
        temporary: bool | None = None,
    ) -> models.UserResponse:
        """Sets a password for somebody else, to be changed at the next login; ends every session.

        user_id: Whose.
        new_password: The password. It is not compared with the one before, of which the caller learns
            nothing.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        temporary: Whether it must be changed at the next login, within `password.temporary_seconds`;
            default: true, so that only its user knows the next.

        Failures: user_not_found, weak_password, hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "new_password": new_password,
            "actor": actor,
            "temporary": temporary,
        }
        answer = self.call("set_password", _text(fields))
        return models.UserResponse.model_validate(answer)

    def login(
        self,
        *,
        username: str,
        password: str,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        recovery_code: str | None = None,
        scope: str | None = None,
        two_fa_code: str | None = None,
        webauthn_response: Mapping[str, Any] | None = None,
    ) -> models.LoginResponse:
        """Logs in by password and opens a session.

        username: The username or the e-mail address.
        password: The password.
        backend: For which backend; default: `default`.
        client: From where the user comes, as far as the host knows.
        recovery_code: Or one of its recovery codes, which is used up.
        scope: What the access token may be used for, separated by spaces. The engine grants what the host
            asks: a host that passes on a client's wish decides first what it may have.
        two_fa_code: The code of the account's authenticator app. Where the account has no second factor
            it is not looked at.
        webauthn_response: Or what one of its passkeys answers to a challenge of `begin_passkey_login`,
            which is spent: the credential's `toJSON()`.

        Failures: invalid_credentials, second_factor_required, invalid_code, password_change_required,
        too_many_attempts, hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "username": username,
            "password": password,
            "backend": backend,
            "client": client,
            "recovery_code": recovery_code,
            "scope": scope,
            "two_fa_code": two_fa_code,
            "webauthn_response": webauthn_response,
        }
        answer = self.call("login", _text(fields))
        return models.LoginResponse.model_validate(answer)

    def complete_login(
        self,
        *,
        challenge: str,
        new_password: str | None = None,
        recovery_code: str | None = None,
        two_fa_code: str | None = None,
        webauthn_response: Mapping[str, Any] | None = None,
    ) -> models.LoginResponse:
        """Takes the step that a login still wanted and opens its session.

        challenge: The challenge of that login. It is spent when this succeeds, and bears ten attempts.
        new_password: The next password, where the password must be changed.
        recovery_code: A recovery code, which is used up.
        two_fa_code: The code of the authenticator app.
        webauthn_response: What `navigator.credentials.get` gave for the `webauthn_options` of that login:
            the credential's `toJSON()`.

        Failures: invalid_challenge, invalid_code, password_change_required, too_many_attempts,
        weak_password, hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "challenge": challenge,
            "new_password": new_password,
            "recovery_code": recovery_code,
            "two_fa_code": two_fa_code,
            "webauthn_response": webauthn_response,
        }
        answer = self.call("complete_login", _text(fields))
        return models.LoginResponse.model_validate(answer)

    def login_with_id_token(
        self,
        *,
        id_token: str,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        nonce: str | None = None,
        provider: str | None = None,
        scope: str | None = None,
    ) -> models.LoginWithIdTokenResponse:
        """Logs in by an ID token of a configured OpenID provider and opens a session.

        id_token: The ID token (OpenID Connect Core section 2); not an access token.
        backend: For which backend; default: `default`.
        client: From where the user comes, as far as the host knows.
        nonce: The value that the host sent with its authentication request, which the token must repeat:
            so that it answers this browser's request and no other.
        provider: Which of `id_token_providers` issued it; may be left out where there is only one.
        scope: What the access token may be used for, separated by spaces. The engine grants what the host
            asks.

        Failures: invalid_credentials, invalid_token, second_factor_required, email_taken,
        too_many_attempts, auth_service_unavailable, store_unavailable.
        """
        fields: dict[str, object] = {
            "id_token": id_token,
            "backend": backend,
            "client": client,
            "nonce": nonce,
            "provider": provider,
            "scope": scope,
        }
        answer = self.call("login_with_id_token", _text(fields))
        return models.LoginWithIdTokenResponse.model_validate(answer)

    def reauthenticate(
        self,
        *,
        token: str,
        client: models.Client | Mapping[str, Any] | None = None,
        password: str | None = None,
        two_fa_code: str | None = None,
        webauthn_response: Mapping[str, Any] | None = None,
    ) -> models.ReauthenticateResponse:
        """Proves again, in a session, who one is.

        token: An access token of the session.
        client: From where the user comes, as far as the host knows.
        password: The password; wrong ones count as failed logins do.
        two_fa_code: Or the code of the authenticator app.
        webauthn_response: Or what a passkey answers to a challenge of `begin_passkey_login`, which is
            spent: the credential's `toJSON()`. The authenticator must have verified its user.

        Failures: invalid_token, user_not_found, invalid_credentials, invalid_code, too_many_attempts,
        hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "token": token,
            "client": client,
            "password": password,
            "two_fa_code": two_fa_code,
            "webauthn_response": webauthn_response,
        }
        answer = self.call("reauthenticate", _text(fields))
        return models.ReauthenticateResponse.model_validate(answer)

    def refresh(
        self,
        *,
        refresh_token: str,
        scope: str | None = None,
    ) -> models.RefreshResponse:
        """Exchanges a refresh token for the next pair of tokens.

        refresh_token: The newest refresh token.
        scope: Fewer scopes than the session has, for this access token (RFC 6749 section 6).

        Failures: invalid_token, store_unavailable.
        """
        fields: dict[str, object] = {
            "refresh_token": refresh_token,
            "scope": scope,
        }
        answer = self.call("refresh", _text(fields))
        return models.RefreshResponse.model_validate(answer)

    def logout(
        self,
        *,
        everywhere: bool | None = None,
        refresh_token: str | None = None,
        stateless: bool | None = None,
        token: str | None = None,
    ) -> models.LogoutResponse:
        """Ends a session, or every session of its user.

        everywhere: End every session of the user.
        refresh_token: The refresh token.
        stateless: Change nothing, only confirm: the client forgets its tokens, which stay valid until
            they expire.
        token: The access token.

        Failures: invalid_token, store_unavailable.
        """
        fields: dict[str, object] = {
            "everywhere": everywhere,
            "refresh_token": refresh_token,
            "stateless": stateless,
            "token": token,
        }
        answer = self.call("logout", _text(fields))
        return models.LogoutResponse.model_validate(answer)

    def list_sessions(
        self,
        *,
        user_id: str,
    ) -> models.ListSessionsResponse:
        """Lists the live sessions of a user.

        user_id: Whose.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
        }
        answer = self.call("list_sessions", _text(fields))
        return models.ListSessionsResponse.model_validate(answer)

    def revoke_session(
        self,
        *,
        session_id: str,
        actor: str | None = None,
    ) -> models.RevokedResponse:
        """Ends one session.

        session_id: Which.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "session_id": session_id,
            "actor": actor,
        }
        answer = self.call("revoke_session", _text(fields))
        return models.RevokedResponse.model_validate(answer)

    def revoke_user_sessions(
        self,
        *,
        user_id: str,
        actor: str | None = None,
        except_session_id: str | None = None,
    ) -> models.RevokedResponse:
        """Ends every session of a user, but for one if asked.

        user_id: Whose.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        except_session_id: The one to keep: that from which the user asks.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "actor": actor,
            "except_session_id": except_session_id,
        }
        answer = self.call("revoke_user_sessions", _text(fields))
        return models.RevokedResponse.model_validate(answer)

    def revoke_all_sessions(
        self,
        *,
        actor: str | None = None,
    ) -> models.RevokedResponse:
        """Ends every session of everybody.

        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "actor": actor,
        }
        answer = self.call("revoke_all_sessions", _text(fields))
        return models.RevokedResponse.model_validate(answer)

    def revoke_token(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        jti: str | None = None,
        token: str | None = None,
        token_type_hint: str | None = None,
    ) -> models.RevokeTokenResponse:
        """Revokes a token with its session (RFC 7009).

        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        backend: The backend that issued the token of this `jti`; default: `default`.
        jti: Or the `jti` of a token of `issue_token`, as its answer and the event `token_issued` say it.
        token: An access or a refresh token.
        token_type_hint: `access_token` or `refresh_token`; not needed, any text is accepted.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "actor": actor,
            "backend": backend,
            "jti": jti,
            "token": token,
            "token_type_hint": token_type_hint,
        }
        answer = self.call("revoke_token", _text(fields))
        return models.RevokeTokenResponse.model_validate(answer)

    def authenticate(
        self,
        *,
        authorization: str | None = None,
        backend: str | None = None,
        token: str | None = None,
    ) -> models.AuthenticateResponse:
        """Says who is there, by a live token.

        authorization: Or the value of an `Authorization` header: `Bearer <token>` (RFC 6750).
        backend: Whose token it must be; default: `default`.
        token: The access token.

        Failures: not_authenticated, invalid_authorization_header, invalid_token, user_not_found,
        store_unavailable.
        """
        fields: dict[str, object] = {
            "authorization": authorization,
            "backend": backend,
            "token": token,
        }
        answer = self.call("authenticate", _text(fields))
        return models.AuthenticateResponse.model_validate(answer)

    def authenticate_request(
        self,
        *,
        method: str,
        path: str,
        authorization: str | None = None,
        backend: str | None = None,
        connection: str | None = None,
        cookies: Mapping[str, Any] | None = None,
        excluded: bool | None = None,
        host: str | None = None,
        origin: str | None = None,
        rules: Mapping[str, Any] | None = None,
        token: str | None = None,
    ) -> models.AuthenticateRequestResponse:
        """Says whether a request may pass, and who sent it.

        method: The method, in any case.
        path: The path as the router sees it; a query is cut off. One that two readers could take for
            different paths is never skipped.
        authorization: The value of the `Authorization` header, or of the one that `requests.header`
            names: `Bearer <token>` (RFC 6750).
        backend: Whose token it must be; default: `default`.
        connection: The kind of the connection, as `requests.connections` names it; default: `http`.
        cookies: The cookies by their names.
        excluded: Whether the route opted out of authentication.
        host: The value of the `Host` field: host and port that the request was sent to. Its own pages may
            send the cookie, unless `requests.origins` says whose may.
        origin: The value of the `Origin` field, where there is one: which page sent the request (RFC
            6454). It decides whether the cookie counts.
        rules: Rules in the place of those of the configuration, in the same form. They are compiled once
            and kept while they are in use; at most 16 KiB.
        token: The access token, where the host has it already.

        Failures: not_authenticated, invalid_authorization_header, invalid_token, user_not_found,
        permission_denied, store_unavailable.
        """
        fields: dict[str, object] = {
            "method": method,
            "path": path,
            "authorization": authorization,
            "backend": backend,
            "connection": connection,
            "cookies": cookies,
            "excluded": excluded,
            "host": host,
            "origin": origin,
            "rules": rules,
            "token": token,
        }
        answer = self.call("authenticate_request", _text(fields))
        return models.AuthenticateRequestResponse.model_validate(answer)

    def introspect(
        self,
        *,
        token: str,
        audience: str | None = None,
        token_type_hint: str | None = None,
    ) -> models.IntrospectResponse:
        """Says whether a token is good now (RFC 7662); never fails for a reason of the token.

        token: An access or a refresh token.
        audience: The service that asks: a token for another audience is not active.
        token_type_hint: `access_token` or `refresh_token`; not needed, any text is accepted.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "token": token,
            "audience": audience,
            "token_type_hint": token_type_hint,
        }
        answer = self.call("introspect", _text(fields))
        return models.IntrospectResponse.model_validate(answer)

    def introspect_remote(
        self,
        *,
        token: str,
        token_type_hint: str | None = None,
    ) -> models.IntrospectRemoteResponse:
        """Asks another service whether a token is good now (RFC 7662).

        token: A token of the other service, as it stands.
        token_type_hint: What kind of token it is, for the service: `access_token` or `refresh_token`.

        Failures: invalid_token, auth_service_unavailable, invalid_config, feature_not_built.
        """
        fields: dict[str, object] = {
            "token": token,
            "token_type_hint": token_type_hint,
        }
        answer = self.call("introspect_remote", _text(fields))
        return models.IntrospectRemoteResponse.model_validate(answer)

    def authorize(
        self,
        *,
        token: str,
        amr: Sequence[str] | None = None,
        backend: str | None = None,
        by_second_factor: bool | None = None,
        email: str | None = None,
        max_age_seconds: int | None = None,
        require_verified_email: bool | None = None,
        roles: Sequence[str] | None = None,
        scopes: Sequence[str] | None = None,
        user_id: str | None = None,
    ) -> models.AuthorizeResponse:
        """Says whether the bearer of a token may do something, by the account as it is now.

        token: The access token.
        amr: In the session of the token the user proved it by one of these methods (RFC 8176; `mfa`: by a
            factor beside another), and at most `max_age_seconds` ago, where that is given.
        backend: Whose token it must be; default: `default`.
        by_second_factor: As `"amr": ["mfa"]`, if the account has a second factor: what to ask before a
            factor is added or taken away.
        email: The account's address is this one; capitals do not matter. It must be verified, unless
            `require_verified_email` is false.
        max_age_seconds: The user proved who they are at most so long ago.
        require_verified_email: The account's address is verified; default: true where `email` is given.
        roles: The account has at least one of these roles; with an empty list nobody may.
        scopes: The token carries all of these scopes (RFC 6749 section 3.3).
        user_id: The account is this one.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "token": token,
            "amr": amr,
            "backend": backend,
            "by_second_factor": by_second_factor,
            "email": email,
            "max_age_seconds": max_age_seconds,
            "require_verified_email": require_verified_email,
            "roles": roles,
            "scopes": scopes,
            "user_id": user_id,
        }
        answer = self.call("authorize", _text(fields))
        return models.AuthorizeResponse.model_validate(answer)

    def issue_token(
        self,
        *,
        claims: Mapping[str, Any],
        actor: str | None = None,
        backend: str | None = None,
        lifetime_seconds: int | None = None,
    ) -> models.IssueTokenResponse:
        """Issues an access token with claims of the host's own.

        claims: The claims: `sub`, a text, and any of the host's own. The claims that the engine makes
            (`iss`, `aud`, `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`,
            `provider`, `cnf`, `act`, `account_epoch`) are refused.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        backend: Who issues it; default: `default`.
        lifetime_seconds: The life of the token; default `access_token_seconds`, at most
            `session_max_seconds`.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "claims": claims,
            "actor": actor,
            "backend": backend,
            "lifetime_seconds": lifetime_seconds,
        }
        answer = self.call("issue_token", _text(fields))
        return models.IssueTokenResponse.model_validate(answer)

    def jwks(self) -> models.JwksResponse:
        """The public keys, for services that verify on their own.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {}
        answer = self.call("jwks", _text(fields))
        return models.JwksResponse.model_validate(answer)

    def rotate_keys(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        keep_totp: bool | None = None,
        retire: str | None = None,
    ) -> models.RotateKeysResponse:
        """Makes a new signing key; the old one verifies until nothing it signed is alive.

        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        backend: The backend whose key it is; default: `default`, and with `retire` all of them.
        keep_totp: Authenticator apps stay good: no copy of the store leaked. With `retire` and without
            `backend` only.
        retire: `now`: something leaked. The signing keys of the backend verify nothing any more, at once.
            Without `backend` those of all backends, and with them goes everything that a leaked secret key
            opens together with a copy of the store: every secret key but the first of `secret_keys`, every
            session, mailed token and challenge, the mails that wait with a token, and the seeds of
            authenticator apps. The first must be the newest, and each of the others have been the first
            before: a list in the wrong order is refused.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "actor": actor,
            "backend": backend,
            "keep_totp": keep_totp,
            "retire": retire,
        }
        answer = self.call("rotate_keys", _text(fields))
        return models.RotateKeysResponse.model_validate(answer)

    def list_keys(self) -> models.ListKeysResponse:
        """Lists signing keys and secret keys, without their secrets, and what needs an older secret key.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {}
        answer = self.call("list_keys", _text(fields))
        return models.ListKeysResponse.model_validate(answer)

    def request_email_verification(
        self,
        *,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        email: str | None = None,
        locale: str | None = None,
        password: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
        username: str | None = None,
        verification: str | None = None,
    ) -> models.SentResponse:
        """Mails a token to the address of an account that has yet to verify it.

        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        client: From where the user comes: too many mails from one address of the network are refused.
        email: An address, which alone names no account that has yet to verify it: nothing is mailed, and
            the answer is the same whoever has it.
        locale: The language of the mail. Default: that of the account.
        password: The password; wrong ones count as failed logins do.
        token: An access token of the account, live.
        user_id: The account's id, where the host knows who asks.
        username: The username or the address, where nobody can log in before the address is verified.
        verification: The challenge that `register` returned.

        Failures: invalid_token, user_not_found, invalid_credentials, invalid_challenge, too_many_attempts,
        hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "actor": actor,
            "client": client,
            "email": email,
            "locale": locale,
            "password": password,
            "token": token,
            "user_id": user_id,
            "username": username,
            "verification": verification,
        }
        answer = self.call("request_email_verification", _text(fields))
        return models.SentResponse.model_validate(answer)

    def request_email_change(
        self,
        *,
        user_id: str,
        new_email: str,
        actor: str | None = None,
        locale: str | None = None,
    ) -> models.RequestEmailChangeResponse:
        """Mails a token to the address that an account is to have, and a notice to the one it has.

        user_id: The account.
        new_email: The address to be.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        locale: The language of the mails. Default: that of the account.

        Failures: user_not_found, email_taken, too_many_attempts, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "new_email": new_email,
            "actor": actor,
            "locale": locale,
        }
        answer = self.call("request_email_change", _text(fields))
        return models.RequestEmailChangeResponse.model_validate(answer)

    def request_password_reset(
        self,
        *,
        email: str,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        locale: str | None = None,
    ) -> models.SentResponse:
        """Mails a token with which a new password can be set.

        email: The address of the account.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        client: From where the user comes: too many mails from one address of the network are refused.
        locale: The language of the mail. Default: that of the account.

        Failures: too_many_attempts, store_unavailable.
        """
        fields: dict[str, object] = {
            "email": email,
            "actor": actor,
            "client": client,
            "locale": locale,
        }
        answer = self.call("request_password_reset", _text(fields))
        return models.SentResponse.model_validate(answer)

    def reset_password(
        self,
        *,
        token: str,
        new_password: str,
    ) -> models.UserResponse:
        """Sets a new password by the token that was mailed, and ends every session.

        token: The token.
        new_password: The new password.

        Failures: invalid_token, weak_password, hash_queue_full, store_unavailable.
        """
        fields: dict[str, object] = {
            "token": token,
            "new_password": new_password,
        }
        answer = self.call("reset_password", _text(fields))
        return models.UserResponse.model_validate(answer)

    def verify_email(
        self,
        *,
        token: str,
        access_token: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        id_token: str | None = None,
        nonce: str | None = None,
        password: str | None = None,
        provider: str | None = None,
        username: str | None = None,
        verification: str | None = None,
    ) -> models.UserResponse:
        """Verifies an address, or changes it, by the token that was mailed to it and a proof of the account.

        token: The token, of either purpose.
        access_token: An access token of the account, live.
        client: From where the user comes, as far as the host knows.
        id_token: An ID token of an identity that opens the account, where nobody can log in before the
            address is verified.
        nonce: The nonce that the ID token must have.
        password: Its password; wrong ones count as failed logins do.
        provider: The provider of the ID token; default: the only one.
        username: The username or the address of the account.
        verification: The challenge that `register` or `request_email_change` returned for this address.

        Failures: invalid_token, not_authenticated, user_not_found, permission_denied, invalid_credentials,
        invalid_challenge, email_taken, too_many_attempts, auth_service_unavailable, hash_queue_full,
        store_unavailable.
        """
        fields: dict[str, object] = {
            "token": token,
            "access_token": access_token,
            "client": client,
            "id_token": id_token,
            "nonce": nonce,
            "password": password,
            "provider": provider,
            "username": username,
            "verification": verification,
        }
        answer = self.call("verify_email", _text(fields))
        return models.UserResponse.model_validate(answer)

    def check_mail_token(
        self,
        *,
        token: str,
    ) -> models.CheckMailTokenResponse:
        """Says what a mailed token is for, without redeeming it.

        token: The token.

        Failures: invalid_token, store_unavailable.
        """
        fields: dict[str, object] = {
            "token": token,
        }
        answer = self.call("check_mail_token", _text(fields))
        return models.CheckMailTokenResponse.model_validate(answer)

    def generate_totp_secret(self) -> models.GenerateTotpSecretResponse:
        """Makes a secret for an authenticator app."""
        fields: dict[str, object] = {}
        answer = self.call("generate_totp_secret", _text(fields))
        return models.GenerateTotpSecretResponse.model_validate(answer)

    def totp_provisioning_uri(
        self,
        *,
        secret: str,
        email: str,
    ) -> models.Provisioning:
        """Writes a secret as an authenticator app reads it, as URI and as QR code.

        secret: The secret in base32.
        email: The address of the account, or another name that the app shows for it.
        """
        fields: dict[str, object] = {
            "secret": secret,
            "email": email,
        }
        answer = self.call("totp_provisioning_uri", _text(fields))
        return models.Provisioning.model_validate(answer)

    def verify_totp(
        self,
        *,
        secret: str,
        code: str,
    ) -> models.VerifyTotpResponse:
        """Verifies a code by the secret alone, as often as it is asked.

        secret: The secret in base32.
        code: The code; spaces and hyphens in it are passed over.
        """
        fields: dict[str, object] = {
            "secret": secret,
            "code": code,
        }
        answer = self.call("verify_totp", _text(fields))
        return models.VerifyTotpResponse.model_validate(answer)

    def setup_totp(
        self,
        *,
        user_id: str,
    ) -> models.SetupTotpResponse:
        """Makes a secret for an account; it is no factor before it is confirmed.

        user_id: Whose.

        Failures: user_not_found, email_not_verified, already_configured, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
        }
        answer = self.call("setup_totp", _text(fields))
        return models.SetupTotpResponse.model_validate(answer)

    def confirm_totp(
        self,
        *,
        user_id: str,
        code: str,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
    ) -> models.ConfirmTotpResponse:
        """Puts an authenticator app in force by its first code; ends every session.

        user_id: Whose.
        code: The code that the app shows. It is used up: the first login needs the next one.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        client: From where the user comes, as far as the host knows: a known device has a count of its
            own.

        Failures: user_not_found, email_not_verified, invalid_code, already_configured, too_many_attempts,
        store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "code": code,
            "actor": actor,
            "client": client,
        }
        answer = self.call("confirm_totp", _text(fields))
        return models.ConfirmTotpResponse.model_validate(answer)

    def totp_status(
        self,
        *,
        user_id: str,
    ) -> models.TotpStatusResponse:
        """Says whether an account has an authenticator app in force.

        user_id: Whose.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
        }
        answer = self.call("totp_status", _text(fields))
        return models.TotpStatusResponse.model_validate(answer)

    def disable_totp(
        self,
        *,
        user_id: str,
        code: str,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
    ) -> models.TotpStatusResponse:
        """Takes an authenticator app away by a code; ends every session.

        user_id: Whose.
        code: A code of the app, or, where it is lost, a recovery code. Not looked at where no app is in
            force.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.
        client: From where the user comes, as far as the host knows: a known device has a count of its
            own.

        Failures: user_not_found, invalid_code, permission_denied, too_many_attempts, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "code": code,
            "actor": actor,
            "client": client,
        }
        answer = self.call("disable_totp", _text(fields))
        return models.TotpStatusResponse.model_validate(answer)

    def generate_recovery_codes(
        self,
        *,
        user_id: str,
        actor: str | None = None,
    ) -> models.GenerateRecoveryCodesResponse:
        """Replaces the recovery codes of an account; ends every session.

        user_id: Whose.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "actor": actor,
        }
        answer = self.call("generate_recovery_codes", _text(fields))
        return models.GenerateRecoveryCodesResponse.model_validate(answer)

    def recovery_codes_status(
        self,
        *,
        user_id: str,
    ) -> models.RecoveryCodesStatusResponse:
        """Says how many recovery codes an account has left.

        user_id: Whose.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
        }
        answer = self.call("recovery_codes_status", _text(fields))
        return models.RecoveryCodesStatusResponse.model_validate(answer)

    def take_mail(
        self,
        *,
        lease_seconds: int | None = None,
        limit: int | None = None,
    ) -> models.TakeMailResponse:
        """Takes mails out of the outbox, for a host that sends them itself.

        lease_seconds: For how long nobody else gets them: 1 to 3600 seconds, default 60. A mail that is
            not acknowledged by then is taken again.
        limit: How many at most: 1 to 100, default 10.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "lease_seconds": lease_seconds,
            "limit": limit,
        }
        answer = self.call("take_mail", _text(fields))
        return models.TakeMailResponse.model_validate(answer)

    def acknowledge_mail(
        self,
        *,
        id: str,
        delivered: bool,
        error: str | None = None,
        permanent: bool | None = None,
    ) -> models.AcknowledgeMailResponse:
        """Says what became of a mail that was taken.

        id: Which.
        delivered: Whether it was sent. One that was not is due again later: after a minute, then after
            twice as long each time, up to six hours.
        error: Why it was not, in a word: it is kept for the audit log, so it must not name anybody.
        permanent: Give it up: the address does not take mail.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "id": id,
            "delivered": delivered,
            "error": error,
            "permanent": permanent,
        }
        answer = self.call("acknowledge_mail", _text(fields))
        return models.AcknowledgeMailResponse.model_validate(answer)

    def deliver_mail(
        self,
        *,
        limit: int | None = None,
    ) -> models.DeliverMailResponse:
        """Sends mails that are due by SMTP.

        limit: How many at most: 1 to 1000, default 100.

        Failures: mail_unavailable, invalid_config, feature_not_built, store_unavailable.
        """
        fields: dict[str, object] = {
            "limit": limit,
        }
        answer = self.call("deliver_mail", _text(fields))
        return models.DeliverMailResponse.model_validate(answer)

    def begin_passkey_registration(
        self,
        *,
        user_id: str,
        label: str | None = None,
    ) -> models.BeginPasskeyRegistrationResponse:
        """Begins to make a passkey for an account.

        user_id: Whose.
        label: What its user calls it: 1 to 64 characters.

        Failures: user_not_found, email_not_verified, permission_denied, invalid_config, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "label": label,
        }
        answer = self.call("begin_passkey_registration", _text(fields))
        return models.BeginPasskeyRegistrationResponse.model_validate(answer)

    def finish_passkey_registration(
        self,
        *,
        challenge: str,
        response: Mapping[str, Any],
        actor: str | None = None,
    ) -> models.FinishPasskeyRegistrationResponse:
        """Makes the passkey; ends every session.

        challenge: The challenge of `begin_passkey_registration`.
        response: What `navigator.credentials.create` gave: the credential's `toJSON()`.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.

        Failures: invalid_challenge, invalid_credentials, already_configured, invalid_config,
        store_unavailable.
        """
        fields: dict[str, object] = {
            "challenge": challenge,
            "response": response,
            "actor": actor,
        }
        answer = self.call("finish_passkey_registration", _text(fields))
        return models.FinishPasskeyRegistrationResponse.model_validate(answer)

    def begin_passkey_login(
        self,
        *,
        backend: str | None = None,
        scope: str | None = None,
        username: str | None = None,
    ) -> models.BeginPasskeyLoginResponse:
        """Begins a login by passkey.

        backend: For which backend; default: `default`.
        scope: What the access token may be used for, as with `login`.
        username: The username or the e-mail address. Without, the authenticator offers the accounts that
            it knows.

        Failures: invalid_config, store_unavailable.
        """
        fields: dict[str, object] = {
            "backend": backend,
            "scope": scope,
            "username": username,
        }
        answer = self.call("begin_passkey_login", _text(fields))
        return models.BeginPasskeyLoginResponse.model_validate(answer)

    def finish_passkey_login(
        self,
        *,
        challenge: str,
        response: Mapping[str, Any],
        client: models.Client | Mapping[str, Any] | None = None,
    ) -> models.LoginResponse:
        """Logs in by a passkey alone and opens a session.

        challenge: The challenge of `begin_passkey_login`.
        response: What `navigator.credentials.get` gave: the credential's `toJSON()`.
        client: From where the user comes, as far as the host knows.

        Failures: invalid_credentials, invalid_challenge, too_many_attempts, invalid_config,
        store_unavailable.
        """
        fields: dict[str, object] = {
            "challenge": challenge,
            "response": response,
            "client": client,
        }
        answer = self.call("finish_passkey_login", _text(fields))
        return models.LoginResponse.model_validate(answer)

    def list_passkeys(
        self,
        *,
        user_id: str,
    ) -> models.ListPasskeysResponse:
        """Lists the passkeys of an account.

        user_id: Whose.

        Failures: user_not_found, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
        }
        answer = self.call("list_passkeys", _text(fields))
        return models.ListPasskeysResponse.model_validate(answer)

    def remove_passkey(
        self,
        *,
        user_id: str,
        credential_id: str,
        actor: str | None = None,
    ) -> models.RemovePasskeyResponse:
        """Takes a passkey away; ends every session.

        user_id: Whose.
        credential_id: Which: its `id`.
        actor: The name or id of the one who does this, as the host knows them, where it is not the user.
            The events of the call keep it.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        fields: dict[str, object] = {
            "user_id": user_id,
            "credential_id": credential_id,
            "actor": actor,
        }
        answer = self.call("remove_passkey", _text(fields))
        return models.RemovePasskeyResponse.model_validate(answer)

    def events(
        self,
        *,
        actor: str | None = None,
        after: str | None = None,
        ip: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        since: int | None = None,
        until: int | None = None,
        user_id: str | None = None,
    ) -> models.EventsResponse:
        """Reads the audit log.

        actor: Only what this actor did.
        after: Only what comes after this event, in the order that is asked for: `next` of the page
            before, or `resume` of an earlier answer. Of an event that the log does not have any more,
            everything that is left comes after it.
        ip: Only what came from this address, as the host gave it.
        kind: Only this kind.
        limit: How many to return: 1 to 1000, default 100.
        order: In which order: `written` (default), in which every event comes after those that were there
            before it, whatever clocks say; `oldest` or `newest` first, by time.
        since: Only what happened at this time or later, in Unix seconds.
        until: Only what happened at this time or before, in Unix seconds.
        user_id: Only what concerns this account, which may be gone.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "actor": actor,
            "after": after,
            "ip": ip,
            "kind": kind,
            "limit": limit,
            "order": order,
            "since": since,
            "until": until,
            "user_id": user_id,
        }
        answer = self.call("events", _text(fields))
        return models.EventsResponse.model_validate(answer)

    def verify_events(
        self,
        *,
        head: str | None = None,
    ) -> models.VerifyEventsResponse:
        """Verifies the chain over the audit log.

        head: A head that an earlier call answered and that was kept elsewhere. The log up to it must be
            unchanged. This shows a change even if its author has the secret key.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "head": head,
        }
        answer = self.call("verify_events", _text(fields))
        return models.VerifyEventsResponse.model_validate(answer)

    def maintain(
        self,
        *,
        budget_ms: int | None = None,
    ) -> models.MaintainResponse:
        """Purges what is past its time.

        budget_ms: When to stop, in milliseconds: 1 to 60000, default 1000. The batch that runs then is
            finished.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "budget_ms": budget_ms,
        }
        answer = self.call("maintain", _text(fields))
        return models.MaintainResponse.model_validate(answer)

    def backup(
        self,
        *,
        path: str,
        verify: bool | None = None,
    ) -> models.BackupResponse:
        """Copies a SQLite store into a file, while it is in use.

        path: The file to make, with mode 0600. None may have this name.
        verify: Whether the copy is opened and looked through before it has its name: every page, row and
            index, and that the secret key is its own. It takes about as long as the copy. Default: false.

        Failures: feature_not_built, store_unavailable.
        """
        fields: dict[str, object] = {
            "path": path,
            "verify": verify,
        }
        answer = self.call("backup", _text(fields))
        return models.BackupResponse.model_validate(answer)

    def stats(
        self,
        *,
        store: bool | None = None,
    ) -> models.StatsResponse:
        """Counts calls by operation and status, times them, and tells what the store holds.

        store: Whether to tell those of the store, too, which takes a few reads of it; default: false.

        Failures: store_unavailable.
        """
        fields: dict[str, object] = {
            "store": store,
        }
        answer = self.call("stats", _text(fields))
        return models.StatsResponse.model_validate(answer)

    def doctor(
        self,
        *,
        integrity: bool | None = None,
    ) -> models.DoctorResponse:
        """Judges the running configuration on this machine.

        integrity: Whether a SQLite file is looked through to its end, however long that takes: every
            page, row and index. Default: for two seconds.
        """
        fields: dict[str, object] = {
            "integrity": integrity,
        }
        answer = self.call("doctor", _text(fields))
        return models.DoctorResponse.model_validate(answer)


def _text(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError(f"not a value of JSON: {type(value).__name__}")
