"""One method for each operation, which is awaited if the operation may wait.

Written by `make header` from the description of the library: do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from doorward.engine import Engine
from doorward.models import app as models
from doorward.threads import to_thread


class AsyncOperations:
    """The operations, for coroutines; a failure raises an AuthError."""

    engine: Engine
    """The engine that runs them."""

    async def register(
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
        password: The password. The engine keeps only its Argon2id hash.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        attributes: Other data that the host keeps with the account: at most 16 KiB.
        client: The client's connection: too many registrations from one network address are refused.
        email: The e-mail address; required unless `registration.require_email` is off.
        locale: The language of mails to this user (BCP 47).
        roles: The roles; default: `registration.default_roles`.

        Failures: weak_password, username_taken, email_taken, too_many_attempts, hash_queue_full,
        store_unavailable.
        """
        return await to_thread(
            self.engine.register,
            username=username,
            password=password,
            actor=actor,
            attributes=attributes,
            client=client,
            email=email,
            locale=locale,
            roles=roles,
        )

    async def get_user(
        self,
        *,
        email: str | None = None,
        external_id: str | None = None,
        id: str | None = None,
        query: str | None = None,
        status: bool | None = None,
        username: str | None = None,
    ) -> models.GetUserResponse:
        """Finds an account by id, username, e-mail address or external id.

        email: The account's e-mail address.
        external_id: The host's own id of the account, to the letter.
        id: The account's id.
        query: The account's username or else its e-mail address.
        status: Whether to return the account's state, for administrators; default: false.
        username: The account's username.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.get_user,
            email=email,
            external_id=external_id,
            id=id,
            query=query,
            status=status,
            username=username,
        )

    async def list_users(
        self,
        *,
        after: str | None = None,
        is_active: bool | None = None,
        is_service_account: bool | None = None,
        limit: int | None = None,
        locked: bool | None = None,
        role: str | None = None,
        skip: int | None = None,
    ) -> models.ListUsersResponse:
        """Lists accounts in the order of their ids.

        after: Only accounts after this id: `next` of the previous page.
        is_active: Only active accounts, or only inactive ones.
        is_service_account: Only service accounts, or only accounts of people.
        limit: The most to return: 1 to 1000, default 100.
        locked: Only accounts that a lock keeps a user out of now (see `status` of `get_user`). One call
            compares up to 20,000 accounts with the locks, so a page may have fewer accounts than `limit`, or
            none, and still a `next`.
        role: Only accounts with this role.
        skip: The number of accounts to skip; not with `locked`.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.list_users,
            after=after,
            is_active=is_active,
            is_service_account=is_service_account,
            limit=limit,
            locked=locked,
            role=role,
            skip=skip,
        )

    async def search_users(
        self,
        *,
        after: str | None = None,
        filters: models.UserFilters | Mapping[str, Any] | None = None,
        limit: int | None = None,
        order: str | None = None,
        text: str | None = None,
    ) -> models.SearchUsersResponse:
        """Searches accounts by the beginning of a name, by filters, in an order.

        after: Only accounts after this place: `next` of the previous page, with the same `text`,
            `filters` and `order`.
        filters: Further conditions.
        limit: The most to return: 1 to 1000, default 100.
        order: The order: `oldest` (default) or `newest` first, by creation; or `username`, by its
            canonical form.
        text: How the username, the e-mail address that the account has claimed, or the external id
            begins; at most 255 bytes. Names and addresses are compared by their canonical form, external ids
            to the letter. An empty text is none.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.search_users, after=after, filters=filters, limit=limit, order=order, text=text
        )

    async def update_user(
        self,
        *,
        id: str,
        actor: str | None = None,
        add_roles: Sequence[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        email: str | None = None,
        email_verified: bool | None = None,
        external_id: str | None = None,
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

        id: The user's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        add_roles: Roles to add; not with `roles`.
        attributes: The new attributes, which replace the old ones; `merge_attributes` changes single
            ones.
        email: The new address. It counts as unverified, unless it is the same to the letter or
            `email_verified` is true.
        email_verified: Whether the address counts as verified, because the caller checked it by other
            means. False makes tokens void that were mailed before. Password, sessions and factors stay, even
            if another person set them up: see `reclaim`. Refused if another account verified this address; an
            account that claims it unverified loses the claim.
        external_id: The host's own id of the account, which no other account has: 1 to 255 bytes without
            control characters, compared to the letter. An empty text removes it.
        is_active: Whether the account may log in. Setting it to false ends the account's sessions;
            setting it to true also unlocks an account that failed logins had locked.
        locale: The language of mails to this user.
        must_change_password: Whether the next login by password requires a new password. Sessions stay.
        reclaim: With `email_verified`, for an account whose user never proved an address: removes
            everything that opened it before, because another person may have made it: password, sessions,
            second factors, passkeys and identities. An earlier `email_verified` by a caller is not such a
            proof. Default: false.
        remove_roles: Roles to remove, also from those added; not with `roles`.
        roles: The new roles, which replace the old ones.
        unlock: Whether to unlock an account that failures had locked, for every name, on every device and
            for codes of an app. Whether it may log in stays as it is.
        username: The new name.

        Failures: user_not_found, username_taken, email_taken, external_id_taken, permission_denied,
        store_unavailable.
        """
        return await to_thread(
            self.engine.update_user,
            id=id,
            actor=actor,
            add_roles=add_roles,
            attributes=attributes,
            email=email,
            email_verified=email_verified,
            external_id=external_id,
            is_active=is_active,
            locale=locale,
            must_change_password=must_change_password,
            reclaim=reclaim,
            remove_roles=remove_roles,
            roles=roles,
            unlock=unlock,
            username=username,
        )

    async def merge_attributes(
        self,
        *,
        user_id: str,
        patch: Mapping[str, Any],
        actor: str | None = None,
    ) -> models.UserResponse:
        """Changes single attributes of an account by a JSON Merge Patch.

        user_id: The user's id.
        patch: The changes, as a JSON Merge Patch (RFC 7396): a member that is `null` is removed, an
            object is merged into the one that is there, and any other value, also a list, replaces what is
            there. The result has at most 16 KiB.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.merge_attributes, user_id=user_id, patch=patch, actor=actor)

    async def lock_user(
        self,
        *,
        user_id: str,
        reason: str,
        actor: str | None = None,
    ) -> models.LockUserResponse:
        """Locks an account and ends everything that is open.

        user_id: The user's id.
        reason: Why, for the audit log.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(self.engine.lock_user, user_id=user_id, reason=reason, actor=actor)

    async def delete_user(
        self,
        *,
        id: str,
        actor: str | None = None,
    ) -> models.DeleteUserResponse:
        """Deletes an account and all data about it.

        id: The user's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: user_not_found, permission_denied, store_constraint, store_unavailable.
        """
        return await to_thread(self.engine.delete_user, id=id, actor=actor)

    async def import_users(
        self,
        *,
        users: Sequence[models.ImportedUser | Mapping[str, Any]],
        actor: str | None = None,
        dry_run: bool | None = None,
        on_conflict: str | None = None,
    ) -> models.ImportUsersResponse:
        """Creates accounts with the password hashes and second factors of another system.

        users: The accounts, in the order in which they are tried; at most 10,000.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        dry_run: Whether to create nothing and only report.
        on_conflict: The effect of a problem with one account on the others: `fail`, the default, imports
            nothing; `skip` imports the others.

        Failures: hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.import_users, users=users, actor=actor, dry_run=dry_run, on_conflict=on_conflict
        )

    async def export_users(
        self,
        *,
        actor: str | None = None,
        after: str | None = None,
        limit: int | None = None,
        with_factors: bool | None = None,
        with_hashes: bool | None = None,
    ) -> models.ExportUsersResponse:
        """Reads accounts, with secrets if they are asked for, in the form of `import_users`.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        after: Only accounts after this id: `next` of the previous page.
        limit: The most to return: 1 to 1000, default 100.
        with_factors: Whether to return second factors with their secrets, passkeys and identities;
            default: false.
        with_hashes: Whether to return the hashes of passwords; default: false.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.export_users,
            actor=actor,
            after=after,
            limit=limit,
            with_factors=with_factors,
            with_hashes=with_hashes,
        )

    async def export_user(
        self,
        *,
        id: str,
        after: str | None = None,
    ) -> models.ExportUserResponse:
        """Reads everything that the store keeps about a person.

        id: The user's id.
        after: Only sessions and events after this id: `next` of the previous page.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.export_user, id=id, after=after)

    async def hash_password(
        self,
        *,
        password: str,
    ) -> models.HashPasswordResponse:
        """Hashes a password with Argon2id.

        password: The password, not longer than `password.max_bytes`. The policy for new passwords does
            not apply.

        Failures: hash_queue_full.
        """
        return await to_thread(self.engine.hash_password, password=password)

    async def verify_password(
        self,
        *,
        password: str,
        hash: str,
    ) -> models.VerifyPasswordResponse:
        """Verifies a password against a hash.

        password: The password.
        hash: The hash: Argon2, bcrypt, scrypt, PBKDF2 or an older one in the form of the system that made
            it (docs/imports.md).

        Failures: hash_queue_full.
        """
        return await to_thread(self.engine.verify_password, password=password, hash=hash)

    async def check_password(
        self,
        *,
        password: str,
        user_inputs: Sequence[str] | None = None,
    ) -> models.CheckPasswordResponse:
        """Checks whether a password may be chosen, and says why not.

        password: The password.
        user_inputs: Words that an attacker would try first, such as the user's names: at most 100.

        Failures: invalid_config.
        """
        return await to_thread(self.engine.check_password, password=password, user_inputs=user_inputs)

    async def change_password(
        self,
        *,
        old_password: str,
        new_password: str,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        token: str | None = None,
        user_id: str | None = None,
    ) -> models.ChangePasswordResponse:
        """Changes a password by the old one and ends every session.

        old_password: The present password; a wrong one counts as a failed login.
        new_password: The new password.
        backend: The backend that `token` is for; default: `default`.
        client: The client's connection, where known.
        token: A live access token of the user.
        user_id: The user's id, if the host has authenticated the user.

        Failures: invalid_credentials, invalid_token, user_not_found, permission_denied, weak_password,
        too_many_attempts, hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.change_password,
            old_password=old_password,
            new_password=new_password,
            backend=backend,
            client=client,
            token=token,
            user_id=user_id,
        )

    async def set_password(
        self,
        *,
        user_id: str,
        new_password: str,
        actor: str | None = None,
        temporary: bool | None = None,
    ) -> models.UserResponse:
        """Sets a user's password, to be changed at the next login, and ends every session.

        user_id: The user's id.
        new_password: The new password. It is not compared with the present and earlier ones, so the
            caller learns nothing about these.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        temporary: Whether the user must change it at the next login, within `password.temporary_seconds`;
            default: true, so that only the user knows the next password.

        Failures: user_not_found, permission_denied, weak_password, hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.set_password,
            user_id=user_id,
            new_password=new_password,
            actor=actor,
            temporary=temporary,
        )

    async def login(
        self,
        *,
        username: str,
        password: str,
        backend: str | None = None,
        claims: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        label: str | None = None,
        lifetime: models.SessionLifetime | Mapping[str, Any] | None = None,
        organization_id: str | None = None,
        recovery_code: str | None = None,
        scope: str | None = None,
        trusted_device_token: str | None = None,
        two_fa_code: str | None = None,
        webauthn_response: Mapping[str, Any] | None = None,
    ) -> models.LoginResponse:
        """Logs in by password and opens a session.

        username: The username or the e-mail address.
        password: The password.
        backend: The backend that the session's tokens are for; default: `default`.
        claims: The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the
            engine are refused.
        client: The client's connection, where known.
        label: A label for the session in the user's list, such as the name of the device.
        lifetime: A shorter life of the session than the configuration gives it.
        organization_id: The organization that the session is in. Its user must be a member: otherwise the
            right proof is refused with `permission_denied`. The tokens have `org_id` and `org_roles`.
        recovery_code: A recovery code instead, which is used up.
        scope: The scopes of the access token, separated by spaces. The engine grants what the host asks
            for: a host that passes on a client's wish decides first what the client may have.
        trusted_device_token: The token of a trusted device, which `complete_login` returned. If it is
            valid, no second factor is required, and the tokens' `amr` names none. An invalid token is
            ignored.
        two_fa_code: The code of the account's authenticator app. Ignored if the account has no second
            factor.
        webauthn_response: A passkey's answer to a challenge of `begin_passkey_login` instead, which is
            spent: the credential's `toJSON()`.

        Failures: invalid_credentials, second_factor_required, invalid_code, password_change_required,
        permission_denied, too_many_attempts, hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.login,
            username=username,
            password=password,
            backend=backend,
            claims=claims,
            client=client,
            label=label,
            lifetime=lifetime,
            organization_id=organization_id,
            recovery_code=recovery_code,
            scope=scope,
            trusted_device_token=trusted_device_token,
            two_fa_code=two_fa_code,
            webauthn_response=webauthn_response,
        )

    async def complete_login(
        self,
        *,
        challenge: str,
        mail_code: str | None = None,
        new_password: str | None = None,
        recovery_code: str | None = None,
        trust_device: bool | None = None,
        two_fa_code: str | None = None,
        webauthn_registration: Mapping[str, Any] | None = None,
        webauthn_response: Mapping[str, Any] | None = None,
    ) -> models.LoginResponse:
        """Takes the next step of a login and opens its session.

        challenge: The login's challenge. It can be used once and allows ten attempts.
        mail_code: The mailed code, if the challenge is of `request_login_code`. It allows five attempts,
            and refuses every wrong or spent code alike.
        new_password: The new password, if the password must be changed.
        recovery_code: A recovery code, which is used up.
        trust_device: Whether the user trusts this device: the response then has a token that takes the
            place of the second factor in later logins by password on it. Only beside a second factor; needs
            `trusted_devices`. Ignored if the login began without a password.
        two_fa_code: The code of the authenticator app, also of one that `setup_totp` made for this
            challenge.
        webauthn_registration: The answer of `navigator.credentials.create` to what
            `begin_passkey_registration` made for this challenge: the credential's `toJSON()`.
        webauthn_response: The answer of `navigator.credentials.get` to the login's `webauthn_options`:
            the credential's `toJSON()`.

        Failures: invalid_challenge, invalid_code, invalid_credentials, email_not_verified,
        already_configured, second_factor_required, password_change_required, permission_denied,
        too_many_attempts, weak_password, hash_queue_full, invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.complete_login,
            challenge=challenge,
            mail_code=mail_code,
            new_password=new_password,
            recovery_code=recovery_code,
            trust_device=trust_device,
            two_fa_code=two_fa_code,
            webauthn_registration=webauthn_registration,
            webauthn_response=webauthn_response,
        )

    async def login_with_id_token(
        self,
        *,
        id_token: str,
        backend: str | None = None,
        claims: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        label: str | None = None,
        lifetime: models.SessionLifetime | Mapping[str, Any] | None = None,
        nonce: str | None = None,
        organization_id: str | None = None,
        provider: str | None = None,
        scope: str | None = None,
    ) -> models.LoginWithIdTokenResponse:
        """Logs in by an ID token of a configured OpenID provider and opens a session.

        id_token: The ID token (OpenID Connect Core section 2); not an access token.
        backend: The backend that the session's tokens are for; default: `default`.
        claims: The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the
            engine are refused.
        client: The client's connection, where known.
        label: A label for the session in the user's list, such as the name of the device.
        lifetime: A shorter life of the session than the configuration gives it.
        nonce: The nonce that the host sent with its authentication request. The token must repeat it, so
            that it answers this browser's request and no other.
        organization_id: The organization that the session is in, as in `login`.
        provider: The name of the issuer in `id_token_providers`; optional if there is only one.
        scope: The scopes of the access token, separated by spaces. The engine grants what the host asks
            for.

        Failures: invalid_credentials, invalid_token, second_factor_required, email_taken,
        permission_denied, too_many_attempts, auth_service_unavailable, store_unavailable.
        """
        return await to_thread(
            self.engine.login_with_id_token,
            id_token=id_token,
            backend=backend,
            claims=claims,
            client=client,
            label=label,
            lifetime=lifetime,
            nonce=nonce,
            organization_id=organization_id,
            provider=provider,
            scope=scope,
        )

    async def begin_provider_login(
        self,
        *,
        redirect_uri: str,
        acr_values: str | None = None,
        backend: str | None = None,
        login_hint: str | None = None,
        max_age_seconds: int | None = None,
        organization_id: str | None = None,
        prompt: str | None = None,
        provider: str | None = None,
        scope: str | None = None,
        user_token: str | None = None,
    ) -> models.BeginProviderLoginResponse:
        """Begins a login at a provider: returns the URL to send the browser to.

        redirect_uri: The URL of this service to which the provider sends the browser back; the provider
            must know it. Use another one for each provider.
        acr_values: The authentication context classes that are wished for, separated by spaces. The
            provider may ignore them: see `provider` of `authorize`.
        backend: The backend that the session's tokens are for, and `user_token` too; default: `default`.
        login_hint: The name that the user probably logs in with.
        max_age_seconds: How long ago the user may have authenticated at the provider. The ID token must
            prove it.
        organization_id: The organization that the session is in, as in `login`; not for linking.
        prompt: What the provider asks the user for (`prompt` of OpenID Connect Core section 3.1.2.1).
            Like `acr_values` and `max_age_seconds`, only for a provider with ID tokens.
        provider: The name of the provider in `id_token_providers`; optional if there is only one.
        scope: The scopes of the access token, as in `login`.
        user_token: An access token of the account to which the identity is linked. Without it the
            identity logs in. Its user must have authenticated in the last fifteen minutes (`reauthenticate`),
            by a second factor if a login demands one.

        Failures: invalid_token, user_not_found, permission_denied, email_not_verified,
        auth_service_unavailable, invalid_config, feature_not_built, store_unavailable.
        """
        return await to_thread(
            self.engine.begin_provider_login,
            redirect_uri=redirect_uri,
            acr_values=acr_values,
            backend=backend,
            login_hint=login_hint,
            max_age_seconds=max_age_seconds,
            organization_id=organization_id,
            prompt=prompt,
            provider=provider,
            scope=scope,
            user_token=user_token,
        )

    async def next_provider_request(
        self,
        *,
        transaction: str,
        query: str,
        redirect_uri: str,
        received: Sequence[models.ProviderResponse | Mapping[str, Any]] | None = None,
    ) -> models.NextProviderRequestResponse:
        """Returns the next request to a provider, for a host that sends them itself.

        transaction: The transaction of `begin_provider_login`.
        query: The query of the URL with which the browser came back, or the form that it posted,
            unchanged.
        redirect_uri: The URL at which the browser really came back, without its query. Another one than
            that of `begin_provider_login` is refused.
        received: The responses so far, in the order of the requests: from the provider itself, never
            through a browser.

        Failures: invalid_challenge, invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.next_provider_request,
            transaction=transaction,
            query=query,
            redirect_uri=redirect_uri,
            received=received,
        )

    async def finish_provider_login(
        self,
        *,
        transaction: str,
        query: str,
        redirect_uri: str,
        claims: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        label: str | None = None,
        lifetime: models.SessionLifetime | Mapping[str, Any] | None = None,
        received: Sequence[models.ProviderResponse | Mapping[str, Any]] | None = None,
        user_token: str | None = None,
    ) -> models.FinishProviderLoginResponse:
        """Finishes a login at a provider and opens a session, or links the identity to an account.

        transaction: The transaction of `begin_provider_login`, from the browser that came back.
        query: The query of the URL with which the browser came back, or the form that it posted,
            unchanged.
        redirect_uri: The URL at which the browser really came back, without its query. Another one than
            that of `begin_provider_login` is refused.
        claims: The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the
            engine are refused. A login that began with `user_token` opens no session: its session keeps what
            it has, whatever is given here and in the next two.
        client: The client's connection, where known.
        label: A label for the session in the user's list, such as the name of the device.
        lifetime: A shorter life of the session than the configuration gives it.
        received: If the host sends the requests (`exchange`): the responses, in the order of the
            requests. They open any account, so they must come from the provider itself, never through a
            browser.
        user_token: The access token of this browser's user, if there is one. A login that began with
            `user_token` needs one of the same session; others ignore it.

        Failures: invalid_challenge, invalid_credentials, invalid_token, user_not_found, permission_denied,
        second_factor_required, email_taken, email_not_verified, already_configured, too_many_attempts,
        auth_service_unavailable, store_unavailable.
        """
        return await to_thread(
            self.engine.finish_provider_login,
            transaction=transaction,
            query=query,
            redirect_uri=redirect_uri,
            claims=claims,
            client=client,
            label=label,
            lifetime=lifetime,
            received=received,
            user_token=user_token,
        )

    async def list_identities(
        self,
        *,
        user_id: str,
    ) -> models.ListIdentitiesResponse:
        """Lists the identities of providers that open an account.

        user_id: The user's id.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.list_identities, user_id=user_id)

    async def unlink_identity(
        self,
        *,
        user_id: str,
        issuer: str,
        subject: str,
        actor: str | None = None,
    ) -> models.UnlinkIdentityResponse:
        """Unlinks an identity of a provider from an account and ends every session.

        user_id: The user's id.
        issuer: The provider's issuer, as `list_identities` has it.
        subject: The user's id at the provider.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.unlink_identity, user_id=user_id, issuer=issuer, subject=subject, actor=actor
        )

    async def reauthenticate(
        self,
        *,
        token: str,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        password: str | None = None,
        two_fa_code: str | None = None,
        webauthn_response: Mapping[str, Any] | None = None,
    ) -> models.ReauthenticateResponse:
        """Authenticates the user of a session again.

        token: An access token of the session.
        backend: The backend that `token` is for; default: `default`.
        client: The client's connection, where known.
        password: The password; a wrong one counts as a failed login.
        two_fa_code: The code of the authenticator app instead.
        webauthn_response: A passkey's answer to a challenge of `begin_passkey_login` instead, which is
            spent: the credential's `toJSON()`. The authenticator must have verified its user.

        Failures: invalid_token, user_not_found, permission_denied, invalid_credentials, invalid_code,
        too_many_attempts, hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.reauthenticate,
            token=token,
            backend=backend,
            client=client,
            password=password,
            two_fa_code=two_fa_code,
            webauthn_response=webauthn_response,
        )

    async def impersonate(
        self,
        *,
        actor_token: str,
        user_id: str,
        reason: str,
        actor_backend: str | None = None,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        lifetime_seconds: int | None = None,
        scope: str | None = None,
    ) -> models.LoginResponse:
        """Opens a session in which the user of a token acts as another user.

        actor_token: An access token of the person who is to act, from a session of their own. The person
            must have authenticated in the last 15 minutes, by a second factor if their logins need one
            (`reauthenticate`).
        user_id: The id of the user that the person acts as.
        reason: Why, for the audit log.
        actor_backend: The backend that `actor_token` is for; default: `default`.
        backend: The backend that the session's tokens are for; default: `default`.
        client: The connection of the person's client, where known.
        lifetime_seconds: When the session ends, however often it is refreshed; default 900.
        scope: The scopes of the access token, separated by spaces. The engine grants what the host asks
            for.

        Failures: invalid_token, user_not_found, permission_denied, invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.impersonate,
            actor_token=actor_token,
            user_id=user_id,
            reason=reason,
            actor_backend=actor_backend,
            backend=backend,
            client=client,
            lifetime_seconds=lifetime_seconds,
            scope=scope,
        )

    async def refresh(
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
        return await to_thread(self.engine.refresh, refresh_token=refresh_token, scope=scope)

    async def logout(
        self,
        *,
        everywhere: bool | None = None,
        refresh_token: str | None = None,
        stateless: bool | None = None,
        token: str | None = None,
    ) -> models.LogoutResponse:
        """Ends a session, or every session of its user.

        everywhere: Whether to end every session of the user.
        refresh_token: The refresh token.
        stateless: Whether to change nothing and only confirm. The client then forgets its tokens, which
            stay valid until they expire.
        token: The access token.

        Failures: invalid_token, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.logout,
            everywhere=everywhere,
            refresh_token=refresh_token,
            stateless=stateless,
            token=token,
        )

    async def list_sessions(
        self,
        *,
        user_id: str,
        current_session_id: str | None = None,
    ) -> models.ListSessionsResponse:
        """Lists the live sessions of a user.

        user_id: The user's id.
        current_session_id: The session from which the user asks, if one does: `session_id` of
            `authenticate`.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.list_sessions, user_id=user_id, current_session_id=current_session_id
        )

    async def update_session(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        claims: Mapping[str, Any] | None = None,
        label: str | None = None,
        session_id: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
    ) -> models.UpdateSessionResponse:
        """Gives a session another label or other claims.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that `token` is for; default: `default`.
        claims: The new claims of the host, which replace all the old ones: `{}` removes them. The
            session's next access token has them; tokens that were issued before keep theirs.
        label: The new label, as of a login; empty: none.
        session_id: The session's id instead.
        token: An access token of the session.
        user_id: With `session_id`: the account that must have the session. Give it if the id comes from a
            client.

        Failures: invalid_token, user_not_found, session_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.update_session,
            actor=actor,
            backend=backend,
            claims=claims,
            label=label,
            session_id=session_id,
            token=token,
            user_id=user_id,
        )

    async def revoke_session(
        self,
        *,
        session_id: str,
        actor: str | None = None,
    ) -> models.RevokedResponse:
        """Ends one session.

        session_id: The session's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.revoke_session, session_id=session_id, actor=actor)

    async def revoke_user_sessions(
        self,
        *,
        user_id: str,
        actor: str | None = None,
        except_session_id: str | None = None,
    ) -> models.RevokedResponse:
        """Ends every session of a user, except one if asked.

        user_id: The user's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        except_session_id: The session to keep: the one that the user asks from.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.revoke_user_sessions,
            user_id=user_id,
            actor=actor,
            except_session_id=except_session_id,
        )

    async def revoke_all_sessions(
        self,
        *,
        actor: str | None = None,
    ) -> models.RevokedResponse:
        """Ends every session of every user.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.revoke_all_sessions, actor=actor)

    async def revoke_token(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        jti: str | None = None,
        token: str | None = None,
        token_type_hint: str | None = None,
    ) -> models.RevokeTokenResponse:
        """Revokes a token with its session (RFC 7009), or an API key.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that issued the token of this `jti`; default: `default`.
        jti: The `jti` of a token of `issue_token` instead, from its answer or the event `token_issued`.
        token: An access or a refresh token.
        token_type_hint: `access_token` or `refresh_token`; optional, and any text is accepted.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.revoke_token,
            actor=actor,
            backend=backend,
            jti=jti,
            token=token,
            token_type_hint=token_type_hint,
        )

    async def authenticate(
        self,
        *,
        authorization: str | None = None,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        token: str | None = None,
    ) -> models.AuthenticateResponse:
        """Identifies the user of a live token or API key.

        authorization: The value of an `Authorization` header instead: `Bearer <token>` (RFC 6750).
        backend: The backend that must have issued the token, or that the API key is for; default:
            `default`.
        client: The client's connection, where known: too many unknown API keys from one network address
            are refused.
        token: The access token or API key.

        Failures: not_authenticated, invalid_authorization_header, invalid_token, user_not_found,
        too_many_attempts, store_unavailable.
        """
        return await to_thread(
            self.engine.authenticate, authorization=authorization, backend=backend, client=client, token=token
        )

    async def introspect(
        self,
        *,
        token: str,
        audience: str | None = None,
        token_type_hint: str | None = None,
    ) -> models.IntrospectResponse:
        """Tells whether a token or API key is valid now (RFC 7662); an invalid one is no failure.

        token: An access token, a refresh token or an API key.
        audience: The service that asks: a token for another audience is not active.
        token_type_hint: `access_token` or `refresh_token`; optional, and any text is accepted.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.introspect, token=token, audience=audience, token_type_hint=token_type_hint
        )

    async def issue_token(
        self,
        *,
        claims: Mapping[str, Any],
        actor: str | None = None,
        backend: str | None = None,
        lifetime_seconds: int | None = None,
    ) -> models.IssueTokenResponse:
        """Issues an access token with the host's own claims.

        claims: The claims: `sub`, a text, and any of the host's own. The claims that the engine makes
            (`iss`, `aud`, `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`,
            `provider`, `cnf`, `org_id`, `org_roles`, `act`, `account_epoch`) are refused.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that issues the token; default: `default`.
        lifetime_seconds: The token's lifetime; default `access_token_seconds`, at most
            `session_max_seconds`.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.issue_token,
            claims=claims,
            actor=actor,
            backend=backend,
            lifetime_seconds=lifetime_seconds,
        )

    async def authenticate_request(
        self,
        *,
        method: str,
        path: str,
        api_key: str | None = None,
        authorization: str | None = None,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        connection: str | None = None,
        cookies: Mapping[str, Any] | None = None,
        excluded: bool | None = None,
        host: str | None = None,
        only_origin: bool | None = None,
        origin: str | None = None,
        rules: Mapping[str, Any] | None = None,
        token: str | None = None,
    ) -> models.AuthenticateRequestResponse:
        """Decides whether a request may pass, and identifies its user.

        method: The HTTP method, in any case.
        path: The path as the router sees it; a query is cut off. A path that two readers could take for
            different paths is never skipped.
        api_key: The value of the `X-API-Key` header. It counts if there is no `token` and no
            `authorization`, and if it begins with `dw_`: other software uses this header, too.
        authorization: The value of the `Authorization` header, or of the header that `requests.header`
            names: `Bearer <token>` (RFC 6750), where the token may be an API key.
        backend: The backend that must have issued the token, or that the API key is for; default:
            `default`.
        client: The client's connection, where known: too many unknown API keys from one network address
            are refused.
        connection: The kind of connection, as `requests.connections` names it; default: `http`.
        cookies: The cookies by name.
        excluded: Whether the route opted out of authentication.
        host: The value of the `Host` header: the host and port that the request was sent to. Pages of
            this host may send the cookie, unless `requests.origins` lists others.
        only_origin: Whether to check only that the page that sent the request may send cookies. The
            response is then `skipped`.
        origin: The value of the `Origin` header, if there is one: the page that sent the request (RFC
            6454). It decides whether the cookie counts.
        rules: Rules that replace those of the configuration, in the same form. The engine compiles them
            once and keeps them while they are in use; at most 16 KiB.
        token: The access token or API key, if the host has it already.

        Failures: not_authenticated, invalid_authorization_header, invalid_token, user_not_found,
        permission_denied, too_many_attempts, store_unavailable.
        """
        return await to_thread(
            self.engine.authenticate_request,
            method=method,
            path=path,
            api_key=api_key,
            authorization=authorization,
            backend=backend,
            client=client,
            connection=connection,
            cookies=cookies,
            excluded=excluded,
            host=host,
            only_origin=only_origin,
            origin=origin,
            rules=rules,
            token=token,
        )

    async def introspect_remote(
        self,
        *,
        token: str,
        token_type_hint: str | None = None,
    ) -> models.IntrospectRemoteResponse:
        """Asks another service whether a token is valid now (RFC 7662).

        token: A token of the other service.
        token_type_hint: The kind of token, for the service: `access_token` or `refresh_token`.

        Failures: invalid_token, auth_service_unavailable, invalid_config, feature_not_built.
        """
        return await to_thread(self.engine.introspect_remote, token=token, token_type_hint=token_type_hint)

    async def authorize(
        self,
        *,
        token: str,
        amr: Sequence[str] | None = None,
        backend: str | None = None,
        by_second_factor: bool | None = None,
        email: str | None = None,
        max_age_seconds: int | None = None,
        organization_id: str | None = None,
        permissions: Sequence[str] | None = None,
        provider: models.ProviderCondition | Mapping[str, Any] | None = None,
        require_verified_email: bool | None = None,
        roles: Sequence[str] | None = None,
        scopes: Sequence[str] | None = None,
        user_id: str | None = None,
    ) -> models.AuthorizeResponse:
        """Checks whether the bearer of a token or API key may do something, by the account as it is now.

        token: The access token or API key.
        amr: The user authenticated in the token's session by one of these methods (RFC 8176; `mfa`: by a
            factor beside another), at most `max_age_seconds` ago if that is given.
        backend: The backend that must have issued the token, or that the API key is for; default:
            `default`.
        by_second_factor: If the account has a second factor, the same as `"amr": ["mfa"]`: the condition
            for adding or removing a factor. An API key never meets it.
        email: The account has this address, in any case of letters. It must be verified, unless
            `require_verified_email` is false.
        max_age_seconds: The user authenticated at most this many seconds ago. An API key is no such
            proof.
        organization_id: The account is a member of this organization, and the token is of no session in
            another. `roles` and `permissions` are then those in the organization.
        permissions: The roles of the account give all of these permissions (`roles` of the configuration,
            in an organization `organization_roles`), and those of an API key give them, too.
        provider: The token's session was opened by a login at a provider of which this holds, in the
            provider's words.
        require_verified_email: The account's address is verified; default: true if `email` is given.
        roles: The account has at least one of these roles, and an API key has it, too. An empty list
            admits no user.
        scopes: The token or API key carries all of these scopes (RFC 6749 section 3.3).
        user_id: The account has this id.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.authorize,
            token=token,
            amr=amr,
            backend=backend,
            by_second_factor=by_second_factor,
            email=email,
            max_age_seconds=max_age_seconds,
            organization_id=organization_id,
            permissions=permissions,
            provider=provider,
            require_verified_email=require_verified_email,
            roles=roles,
            scopes=scopes,
            user_id=user_id,
        )

    async def create_service_account(
        self,
        *,
        name: str,
        roles: Sequence[str],
        actor: str | None = None,
    ) -> models.UserResponse:
        """Creates an account for a program, which has API keys and cannot log in.

        name: The name, a username that no account has.
        roles: The roles.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: username_taken, store_unavailable.
        """
        return await to_thread(self.engine.create_service_account, name=name, roles=roles, actor=actor)

    async def create_api_key(
        self,
        *,
        name: str,
        actor: str | None = None,
        backend: str | None = None,
        expires_at: int | None = None,
        roles: Sequence[str] | None = None,
        scopes: Sequence[str] | None = None,
        service_account_id: str | None = None,
        user_id: str | None = None,
    ) -> models.CreateApiKeyResponse:
        """Creates an API key, which is shown once.

        name: The owner's name for the key: 1 to 64 characters.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that the key is for; default: `default`.
        expires_at: When the key expires, in Unix seconds; default: never.
        roles: The roles of its account that the key has; default: those that the account has at the time
            of each use.
        scopes: The scopes of the key; default: none.
        service_account_id: The id of a service account.
        user_id: The id of a person's account.

        Failures: user_not_found, email_not_verified, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.create_api_key,
            name=name,
            actor=actor,
            backend=backend,
            expires_at=expires_at,
            roles=roles,
            scopes=scopes,
            service_account_id=service_account_id,
            user_id=user_id,
        )

    async def list_api_keys(
        self,
        *,
        user_id: str,
    ) -> models.ListApiKeysResponse:
        """Lists the API keys of an account, without the keys themselves.

        user_id: The id of a person's account or of a service account.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.list_api_keys, user_id=user_id)

    async def update_api_key(
        self,
        *,
        api_key_id: str,
        actor: str | None = None,
        expires_at: int | None = None,
        name: str | None = None,
        roles: Sequence[str] | None = None,
        scopes: Sequence[str] | None = None,
        user_id: str | None = None,
    ) -> models.UpdateApiKeyResponse:
        """Changes the name, scopes, roles or expiry of an API key.

        api_key_id: The key's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        expires_at: When the key expires, in Unix seconds.
        name: The new name.
        roles: The new roles, which replace the old ones.
        scopes: The new scopes, which replace the old ones.
        user_id: The account that must have the key. Give it if the id comes from a client.

        Failures: api_key_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.update_api_key,
            api_key_id=api_key_id,
            actor=actor,
            expires_at=expires_at,
            name=name,
            roles=roles,
            scopes=scopes,
            user_id=user_id,
        )

    async def revoke_api_key(
        self,
        *,
        api_key_id: str,
        actor: str | None = None,
        user_id: str | None = None,
    ) -> models.RevokeApiKeyResponse:
        """Revokes an API key.

        api_key_id: The key's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        user_id: The account that must have the key. Give it if the id comes from a client.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.revoke_api_key, api_key_id=api_key_id, actor=actor, user_id=user_id
        )

    async def create_organization(
        self,
        *,
        name: str,
        owner_id: str,
        actor: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> models.OrganizationResponse:
        """Creates an organization with its first owner.

        name: The name for people: 1 to 100 characters. Several organizations may have the same.
        owner_id: The account that becomes the first member, with the role `owner`: an active account of a
            person.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        attributes: Other data that the host keeps with the organization: at most 16 KiB.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.create_organization, name=name, owner_id=owner_id, actor=actor, attributes=attributes
        )

    async def get_organization(
        self,
        *,
        organization_id: str,
    ) -> models.OrganizationResponse:
        """Finds an organization by its id.

        organization_id: The organization's id.

        Failures: organization_not_found, store_unavailable.
        """
        return await to_thread(self.engine.get_organization, organization_id=organization_id)

    async def list_organizations(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        user_id: str | None = None,
    ) -> models.ListOrganizationsResponse:
        """Lists organizations: all of them, or those of an account.

        after: Only organizations after this id: `next` of the previous page.
        limit: The most to return: 1 to 1000, default 100.
        user_id: Only those of which this account is a member.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.list_organizations, after=after, limit=limit, user_id=user_id)

    async def update_organization(
        self,
        *,
        organization_id: str,
        actor: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> models.OrganizationResponse:
        """Changes an organization.

        organization_id: The organization's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        attributes: The new attributes, which replace the old ones.
        name: The new name.

        Failures: organization_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.update_organization,
            organization_id=organization_id,
            actor=actor,
            attributes=attributes,
            name=name,
        )

    async def delete_organization(
        self,
        *,
        organization_id: str,
        actor: str | None = None,
    ) -> models.DeleteOrganizationResponse:
        """Deletes an organization with its memberships.

        organization_id: The organization's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: organization_not_found, store_constraint, store_unavailable.
        """
        return await to_thread(self.engine.delete_organization, organization_id=organization_id, actor=actor)

    async def add_member(
        self,
        *,
        organization_id: str,
        user_id: str,
        actor: str | None = None,
        roles: Sequence[str] | None = None,
    ) -> models.MemberResponse:
        """Makes an account a member of an organization.

        organization_id: The organization's id.
        user_id: The account's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        roles: The roles in the organization; default: none.

        Failures: organization_not_found, user_not_found, already_member, store_unavailable.
        """
        return await to_thread(
            self.engine.add_member, organization_id=organization_id, user_id=user_id, actor=actor, roles=roles
        )

    async def update_member(
        self,
        *,
        organization_id: str,
        user_id: str,
        roles: Sequence[str],
        actor: str | None = None,
    ) -> models.MemberResponse:
        """Changes the roles of a member of an organization.

        organization_id: The organization's id.
        user_id: The account's id.
        roles: The new roles in the organization, which replace the old ones.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: member_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.update_member,
            organization_id=organization_id,
            user_id=user_id,
            roles=roles,
            actor=actor,
        )

    async def remove_member(
        self,
        *,
        organization_id: str,
        user_id: str,
        actor: str | None = None,
    ) -> models.RemoveMemberResponse:
        """Removes a member from an organization.

        organization_id: The organization's id.
        user_id: The account's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.remove_member, organization_id=organization_id, user_id=user_id, actor=actor
        )

    async def list_members(
        self,
        *,
        organization_id: str,
        after: str | None = None,
        limit: int | None = None,
    ) -> models.ListMembersResponse:
        """Lists the members of an organization.

        organization_id: The organization's id.
        after: Only members after this account: `next` of the previous page.
        limit: The most to return: 1 to 1000, default 100.

        Failures: organization_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.list_members, organization_id=organization_id, after=after, limit=limit
        )

    async def invite_member(
        self,
        *,
        organization_id: str,
        email: str,
        actor: str | None = None,
        invited_by: str | None = None,
        locale: str | None = None,
        roles: Sequence[str] | None = None,
    ) -> models.InviteMemberResponse:
        """Invites a person by mail to an organization.

        organization_id: The organization's id.
        email: The address. It does not matter whether an account has it.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        invited_by: The member who invites. The invitation is withdrawn when that member is removed, loses
            a role or is locked.
        locale: The language of the mail. Default: that of the account.
        roles: The roles in the organization; default: none.

        Failures: organization_not_found, member_not_found, already_member, too_many_attempts,
        store_unavailable.
        """
        return await to_thread(
            self.engine.invite_member,
            organization_id=organization_id,
            email=email,
            actor=actor,
            invited_by=invited_by,
            locale=locale,
            roles=roles,
        )

    async def list_invitations(
        self,
        *,
        organization_id: str,
        after: str | None = None,
        limit: int | None = None,
    ) -> models.ListInvitationsResponse:
        """Lists the invitations to an organization that were not accepted yet.

        organization_id: The organization's id.
        after: Only invitations after this id: `next` of the previous page.
        limit: The most to return: 1 to 1000, default 100.

        Failures: organization_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.list_invitations, organization_id=organization_id, after=after, limit=limit
        )

    async def revoke_invitation(
        self,
        *,
        organization_id: str,
        invitation_id: str,
        actor: str | None = None,
    ) -> models.RevokeInvitationResponse:
        """Revokes an invitation to an organization.

        organization_id: The organization's id.
        invitation_id: The invitation's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.revoke_invitation,
            organization_id=organization_id,
            invitation_id=invitation_id,
            actor=actor,
        )

    async def jwks(self) -> models.JwksResponse:
        """Returns the public keys, for services that verify tokens themselves.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.jwks)

    async def rotate_keys(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        keep_totp: bool | None = None,
        retire: str | None = None,
    ) -> models.RotateKeysResponse:
        """Makes a new signing key; the old one verifies until everything that it signed has expired.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend whose key is replaced; default: `default`, or with `retire` all of them.
        keep_totp: Whether authenticator apps stay valid, because no copy of the store leaked. Only with
            `retire` and without `backend`.
        retire: `now`, after a leak: the signing keys of the backend stop verifying at once. Without
            `backend` this applies to all backends, and also retires everything that a leaked secret key opens
            together with a copy of the store: every secret key but the first of `secret_keys`, every session,
            mailed token and challenge, the waiting mails with a token, and the seeds of authenticator apps.
            The first key must be the newest, and each of the others must have been the first before: a list
            in the wrong order is refused.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.rotate_keys, actor=actor, backend=backend, keep_totp=keep_totp, retire=retire
        )

    async def list_keys(self) -> models.ListKeysResponse:
        """Lists signing keys and secret keys, without secrets, and the data that needs an older one.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.list_keys)

    async def request_email_verification(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        email: str | None = None,
        locale: str | None = None,
        password: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
        username: str | None = None,
        verification: str | None = None,
    ) -> models.SentResponse:
        """Mails a token that verifies the address of an account.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that `token` is for; default: `default`.
        client: The client's connection: too many mails for one network address are refused.
        email: An address. By itself it names no account with an unverified address: nothing is mailed,
            and the answer is the same for every address.
        locale: The language of the mail. Default: that of the account.
        password: The password; a wrong one counts as a failed login.
        token: A live access token of the account.
        user_id: The account's id, if the host has authenticated the user.
        username: The username or the address, for users who cannot log in before the address is verified.
        verification: The challenge that `register` returned.

        Failures: invalid_token, user_not_found, permission_denied, invalid_credentials, invalid_challenge,
        too_many_attempts, hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.request_email_verification,
            actor=actor,
            backend=backend,
            client=client,
            email=email,
            locale=locale,
            password=password,
            token=token,
            user_id=user_id,
            username=username,
            verification=verification,
        )

    async def request_email_change(
        self,
        *,
        new_email: str,
        actor: str | None = None,
        backend: str | None = None,
        locale: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
    ) -> models.RequestEmailChangeResponse:
        """Mails a token to the new address of an account, and a notice to the present one.

        new_email: The new address.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that `token` is for; default: `default`.
        locale: The language of the mails. Default: that of the account.
        token: A live access token of the user. A person who acts as the user is refused.
        user_id: The account's id, if the host has authenticated the user.

        Failures: invalid_token, user_not_found, permission_denied, email_taken, too_many_attempts,
        store_unavailable.
        """
        return await to_thread(
            self.engine.request_email_change,
            new_email=new_email,
            actor=actor,
            backend=backend,
            locale=locale,
            token=token,
            user_id=user_id,
        )

    async def request_password_reset(
        self,
        *,
        email: str,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        locale: str | None = None,
    ) -> models.SentResponse:
        """Mails a token that sets a new password.

        email: The address of the account.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        client: The client's connection: too many mails for one network address are refused.
        locale: The language of the mail. Default: that of the account.

        Failures: too_many_attempts, store_unavailable.
        """
        return await to_thread(
            self.engine.request_password_reset, email=email, actor=actor, client=client, locale=locale
        )

    async def reset_password(
        self,
        *,
        token: str,
        new_password: str,
    ) -> models.UserResponse:
        """Sets a new password by a mailed token and ends every session.

        token: The mailed token.
        new_password: The new password.

        Failures: invalid_token, weak_password, hash_queue_full, store_unavailable.
        """
        return await to_thread(self.engine.reset_password, token=token, new_password=new_password)

    async def request_login_code(
        self,
        *,
        email: str,
        backend: str | None = None,
        claims: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        create: bool | None = None,
        label: str | None = None,
        lifetime: models.SessionLifetime | Mapping[str, Any] | None = None,
        locale: str | None = None,
        organization_id: str | None = None,
        scope: str | None = None,
    ) -> models.RequestLoginCodeResponse:
        """Mails a code and a link that log in.

        email: The address. Only an account that has verified it gets a mail.
        backend: The backend that the session's tokens are for; default: `default`.
        claims: The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the
            engine are refused. `scope`, `organization_id` and these three are for the session that the code
            opens, in the browser that asks. Another person may open the link, so `login_with_mail_token` has
            its own.
        client: The client's connection: too many mails for one network address are refused. Pass it on,
            so that a stranger elsewhere cannot use up the mails of a user.
        create: Whether an account may be created for the address; needs `mailed_login.create`. It has no
            password, and it is found by its address once the mail was used.
        label: A label for the session in the user's list, such as the name of the device.
        lifetime: A shorter life of the session than the configuration gives it.
        locale: The language of the mail. Default: that of the account.
        organization_id: The organization that the session is in, as in `login`.
        scope: The scopes of the access token, separated by spaces. The engine grants what the host asks
            for.

        Failures: too_many_attempts, invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.request_login_code,
            email=email,
            backend=backend,
            claims=claims,
            client=client,
            create=create,
            label=label,
            lifetime=lifetime,
            locale=locale,
            organization_id=organization_id,
            scope=scope,
        )

    async def login_with_mail_token(
        self,
        *,
        token: str,
        claims: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        label: str | None = None,
        lifetime: models.SessionLifetime | Mapping[str, Any] | None = None,
        organization_id: str | None = None,
        scope: str | None = None,
    ) -> models.LoginResponse:
        """Logs in by a mailed link and opens a session.

        token: The token of the link.
        claims: The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the
            engine are refused.
        client: The connection of the client that opened the link, where known.
        label: A label for the session in the user's list, such as the name of the device.
        lifetime: A shorter life of the session than the configuration gives it.
        organization_id: The organization that the session is in, as in `login`.
        scope: The scopes of the access token, separated by spaces. The engine grants what the host asks
            for.

        Failures: invalid_token, second_factor_required, permission_denied, invalid_config,
        store_unavailable.
        """
        return await to_thread(
            self.engine.login_with_mail_token,
            token=token,
            claims=claims,
            client=client,
            label=label,
            lifetime=lifetime,
            organization_id=organization_id,
            scope=scope,
        )

    async def invite_user(
        self,
        *,
        email: str,
        actor: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        external_id: str | None = None,
        locale: str | None = None,
        roles: Sequence[str] | None = None,
    ) -> models.InviteUserResponse:
        """Invites a person by mail to an account with these roles.

        email: The address, which no account may have verified.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        attributes: Other data that the host keeps with the account: at most 16 KiB.
        external_id: The host's own id of the account, which no other account has.
        locale: The language of mails to this user (BCP 47).
        roles: The roles; default: `registration.default_roles`.

        Failures: email_taken, external_id_taken, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.invite_user,
            email=email,
            actor=actor,
            attributes=attributes,
            external_id=external_id,
            locale=locale,
            roles=roles,
        )

    async def accept_invitation(
        self,
        *,
        token: str,
        access_token: str | None = None,
        backend: str | None = None,
        id_token: str | None = None,
        nonce: str | None = None,
        password: str | None = None,
        provider: str | None = None,
        username: str | None = None,
        webauthn_registration: Mapping[str, Any] | None = None,
    ) -> models.AcceptInvitationResponse:
        """Accepts an invitation: to an account, which gets a name and a way in, or to an organization.

        token: The mailed token.
        access_token: A live access token of an account that has verified the address: for an invitation
            to an organization.
        backend: The backend that `access_token` is for; default: `default`.
        id_token: An ID token of the identity that is to open the account.
        nonce: The nonce that the ID token must repeat.
        password: The password.
        provider: The provider of the ID token; default: the only one.
        username: The name to log in with. Default: a random one.
        webauthn_registration: The passkey that is to open the account: the answer of
            `navigator.credentials.create` to what `begin_passkey_registration` made for this invitation. The
            authenticator must have verified its user.

        Failures: invalid_token, not_authenticated, user_not_found, permission_denied, weak_password,
        invalid_credentials, username_taken, already_configured, already_member, invalid_config,
        auth_service_unavailable, hash_queue_full, store_unavailable.
        """
        return await to_thread(
            self.engine.accept_invitation,
            token=token,
            access_token=access_token,
            backend=backend,
            id_token=id_token,
            nonce=nonce,
            password=password,
            provider=provider,
            username=username,
            webauthn_registration=webauthn_registration,
        )

    async def verify_email(
        self,
        *,
        token: str,
        access_token: str | None = None,
        backend: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        id_token: str | None = None,
        nonce: str | None = None,
        password: str | None = None,
        provider: str | None = None,
        username: str | None = None,
        verification: str | None = None,
    ) -> models.UserResponse:
        """Verifies or changes an address by the token mailed to it and a proof of the account.

        token: The mailed token, of either purpose.
        access_token: A live access token of the account.
        backend: The backend that `access_token` is for; default: `default`.
        client: The client's connection, where known.
        id_token: An ID token of an identity that opens the account, for users who cannot log in before
            the address is verified.
        nonce: The nonce that the ID token must repeat.
        password: The account's password; a wrong one counts as a failed login.
        provider: The provider of the ID token; default: the only one.
        username: The username or the address of the account.
        verification: The challenge that `register` or `request_email_change` returned for this address.

        Failures: invalid_token, not_authenticated, user_not_found, permission_denied, invalid_credentials,
        invalid_challenge, email_taken, too_many_attempts, auth_service_unavailable, hash_queue_full,
        store_unavailable.
        """
        return await to_thread(
            self.engine.verify_email,
            token=token,
            access_token=access_token,
            backend=backend,
            client=client,
            id_token=id_token,
            nonce=nonce,
            password=password,
            provider=provider,
            username=username,
            verification=verification,
        )

    async def check_mail_token(
        self,
        *,
        token: str,
    ) -> models.CheckMailTokenResponse:
        """Tells what a mailed token is for, without redeeming it.

        token: The mailed token.

        Failures: invalid_token, store_unavailable.
        """
        return await to_thread(self.engine.check_mail_token, token=token)

    async def take_mail(
        self,
        *,
        lease_seconds: int | None = None,
        limit: int | None = None,
    ) -> models.TakeMailResponse:
        """Takes mails out of the outbox, for hosts that send mails themselves.

        lease_seconds: How long the mails are leased to the caller: 1 to 3600 seconds, default 60. A mail
            that is not acknowledged by then can be taken again.
        limit: The most mails to take: 1 to 100, default 10.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.take_mail, lease_seconds=lease_seconds, limit=limit)

    async def acknowledge_mail(
        self,
        *,
        id: str,
        delivered: bool,
        error: str | None = None,
        permanent: bool | None = None,
    ) -> models.AcknowledgeMailResponse:
        """Reports whether a mail that was taken was sent.

        id: The mail's id.
        delivered: Whether the mail was sent. A mail that was not is due again later: after a minute, then
            after twice as long each time, up to six hours.
        error: Why the mail was not sent, in one word. The audit log keeps it, so it must not identify a
            person.
        permanent: Whether to give the mail up, because the address takes no mail.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.acknowledge_mail, id=id, delivered=delivered, error=error, permanent=permanent
        )

    async def deliver_mail(
        self,
        *,
        limit: int | None = None,
    ) -> models.DeliverMailResponse:
        """Sends the mails that are due by SMTP.

        limit: The most mails to send: 1 to 1000, default 100.

        Failures: mail_unavailable, invalid_config, feature_not_built, store_unavailable.
        """
        return await to_thread(self.engine.deliver_mail, limit=limit)

    def generate_totp_secret(self) -> models.GenerateTotpSecretResponse:
        """Makes a secret for an authenticator app."""
        return self.engine.generate_totp_secret()

    def totp_provisioning_uri(
        self,
        *,
        secret: str,
        email: str,
    ) -> models.Provisioning:
        """Writes a secret as a URI and a QR code for an authenticator app.

        secret: The secret in base32.
        email: The address of the account, or another name that the app shows for it.
        """
        return self.engine.totp_provisioning_uri(secret=secret, email=email)

    def verify_totp(
        self,
        *,
        secret: str,
        code: str,
    ) -> models.VerifyTotpResponse:
        """Verifies a code by its secret alone, any number of times.

        secret: The secret in base32.
        code: The code; spaces and hyphens are ignored.
        """
        return self.engine.verify_totp(secret=secret, code=code)

    async def setup_totp(
        self,
        *,
        challenge: str | None = None,
        user_id: str | None = None,
    ) -> models.SetupTotpResponse:
        """Sets up an authenticator app for an account; it is not a factor until it is confirmed.

        challenge: The challenge of a login, if the account must have a second factor and has none.
            `complete_login` takes the app's code.
        user_id: The user's id; or else give `challenge`.

        Failures: user_not_found, invalid_challenge, email_not_verified, permission_denied,
        store_unavailable.
        """
        return await to_thread(self.engine.setup_totp, challenge=challenge, user_id=user_id)

    async def confirm_totp(
        self,
        *,
        user_id: str,
        code: str,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
    ) -> models.ConfirmTotpResponse:
        """Activates an authenticator app by its first code and ends every session.

        user_id: The user's id.
        code: The code that the app shows. It is used up: the first login needs the next code.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        client: The client's connection, where known; failures on a known device are counted separately.

        Failures: user_not_found, email_not_verified, invalid_code, already_configured, too_many_attempts,
        store_unavailable.
        """
        return await to_thread(
            self.engine.confirm_totp, user_id=user_id, code=code, actor=actor, client=client
        )

    async def totp_status(
        self,
        *,
        user_id: str,
    ) -> models.TotpStatusResponse:
        """Tells whether an account has an active authenticator app.

        user_id: The user's id.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.totp_status, user_id=user_id)

    async def disable_totp(
        self,
        *,
        user_id: str,
        code: str,
        actor: str | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
    ) -> models.TotpStatusResponse:
        """Removes an authenticator app by a code and ends every session.

        user_id: The user's id.
        code: A code of the app or, if it is lost, a recovery code. Ignored if no app is active.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        client: The client's connection, where known; failures on a known device are counted separately.

        Failures: user_not_found, invalid_code, permission_denied, too_many_attempts, store_unavailable.
        """
        return await to_thread(
            self.engine.disable_totp, user_id=user_id, code=code, actor=actor, client=client
        )

    async def generate_recovery_codes(
        self,
        *,
        actor: str | None = None,
        backend: str | None = None,
        reason: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
    ) -> models.GenerateRecoveryCodesResponse:
        """Replaces the recovery codes of an account and ends every session.

        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        backend: The backend that `token` is for; default: `default`.
        reason: With `user_id`: why, for the audit log.
        token: A live access token of the user.
        user_id: The user's id, if a privileged caller acts without the user.

        Failures: invalid_token, user_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.generate_recovery_codes,
            actor=actor,
            backend=backend,
            reason=reason,
            token=token,
            user_id=user_id,
        )

    async def recovery_codes_status(
        self,
        *,
        user_id: str,
    ) -> models.RecoveryCodesStatusResponse:
        """Counts the unused recovery codes of an account.

        user_id: The user's id.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.recovery_codes_status, user_id=user_id)

    async def remove_second_factors(
        self,
        *,
        user_id: str,
        reason: str,
        actor: str | None = None,
        factors: Sequence[str] | None = None,
    ) -> models.RemoveSecondFactorsResponse:
        """Removes the second factors of an account without a proof of its user, and ends every session.

        user_id: The user's id.
        reason: Why, for the audit log.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        factors: The factors to remove; default: all of them. The recovery codes go with the last other
            factor.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.remove_second_factors, user_id=user_id, reason=reason, actor=actor, factors=factors
        )

    async def list_trusted_devices(
        self,
        *,
        user_id: str,
    ) -> models.ListTrustedDevicesResponse:
        """Lists the devices on which a user needs no second factor.

        user_id: The user's id.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.list_trusted_devices, user_id=user_id)

    async def revoke_trusted_device(
        self,
        *,
        user_id: str,
        actor: str | None = None,
        trusted_device_id: str | None = None,
    ) -> models.RevokeTrustedDeviceResponse:
        """Revokes the trust in a device of a user, or in all of them.

        user_id: The user's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.
        trusted_device_id: The device's id; default: every device of the user.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.revoke_trusted_device,
            user_id=user_id,
            actor=actor,
            trusted_device_id=trusted_device_id,
        )

    async def begin_passkey_registration(
        self,
        *,
        backend: str | None = None,
        challenge: str | None = None,
        conditional: bool | None = None,
        hints: Sequence[str] | None = None,
        invitation: str | None = None,
        keep_session: bool | None = None,
        label: str | None = None,
        token: str | None = None,
        user_id: str | None = None,
    ) -> models.BeginPasskeyRegistrationResponse:
        """Begins to register a passkey for an account.

        backend: The backend that `token` is for; default: `default`.
        challenge: The challenge of a login, if the account must have a second factor and has none.
            `complete_login` takes the answer as `webauthn_registration`.
        conditional: With `token`: whether the browser makes the passkey without asking its user
            (conditional creation). It needs an account that has a second factor, or `passkeys.second_factor`
            `never`. Default: false.
        hints: The kinds of authenticator that the page expects, the likeliest first.
        invitation: The mailed token of an invitation. `accept_invitation` then takes the answer as
            `webauthn_registration`.
        keep_session: With `token`: whether its session continues when the passkey is made. Default:
            false.
        label: The user's name for the passkey: 1 to 64 characters; not with `challenge` and `invitation`.
        token: A live access token of the user. The user must have authenticated in the last 15 minutes,
            by a second factor if the account's logins need one (`reauthenticate`).
        user_id: The user's id.

        Failures: invalid_token, user_not_found, invalid_challenge, invalid_token, email_not_verified,
        permission_denied, invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.begin_passkey_registration,
            backend=backend,
            challenge=challenge,
            conditional=conditional,
            hints=hints,
            invitation=invitation,
            keep_session=keep_session,
            label=label,
            token=token,
            user_id=user_id,
        )

    async def finish_passkey_registration(
        self,
        *,
        challenge: str,
        response: Mapping[str, Any],
        actor: str | None = None,
    ) -> models.FinishPasskeyRegistrationResponse:
        """Registers the passkey and ends every session, unless they are to be kept.

        challenge: The challenge of `begin_passkey_registration`.
        response: The answer of `navigator.credentials.create`: the credential's `toJSON()`.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: invalid_challenge, invalid_credentials, already_configured, invalid_config,
        store_unavailable.
        """
        return await to_thread(
            self.engine.finish_passkey_registration, challenge=challenge, response=response, actor=actor
        )

    async def begin_passkey_login(
        self,
        *,
        backend: str | None = None,
        conditional: bool | None = None,
        hints: Sequence[str] | None = None,
        organization_id: str | None = None,
        scope: str | None = None,
        username: str | None = None,
    ) -> models.BeginPasskeyLoginResponse:
        """Begins a login by passkey.

        backend: The backend that the session's tokens are for; default: `default`.
        conditional: Whether the passkeys are offered in a form as the page opens (autofill), so that the
            ceremony has an hour; not with `username`. The answer is taken by `finish_passkey_login` only.
            Default: false.
        hints: The kinds of authenticator that the page expects, the likeliest first.
        organization_id: The organization that the session is in, as in `login`.
        scope: The scopes of the access token, as in `login`.
        username: The username or the e-mail address. Without it the authenticator offers the accounts
            that it knows.

        Failures: invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.begin_passkey_login,
            backend=backend,
            conditional=conditional,
            hints=hints,
            organization_id=organization_id,
            scope=scope,
            username=username,
        )

    async def finish_passkey_login(
        self,
        *,
        challenge: str,
        response: Mapping[str, Any],
        claims: Mapping[str, Any] | None = None,
        client: models.Client | Mapping[str, Any] | None = None,
        label: str | None = None,
        lifetime: models.SessionLifetime | Mapping[str, Any] | None = None,
    ) -> models.LoginResponse:
        """Logs in by a passkey alone and opens a session.

        challenge: The challenge of `begin_passkey_login`.
        response: The answer of `navigator.credentials.get`: the credential's `toJSON()`.
        claims: The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the
            engine are refused.
        client: The client's connection, where known.
        label: A label for the session in the user's list, such as the name of the device.
        lifetime: A shorter life of the session than the configuration gives it.

        Failures: invalid_credentials, invalid_challenge, permission_denied, too_many_attempts,
        invalid_config, store_unavailable.
        """
        return await to_thread(
            self.engine.finish_passkey_login,
            challenge=challenge,
            response=response,
            claims=claims,
            client=client,
            label=label,
            lifetime=lifetime,
        )

    async def list_passkeys(
        self,
        *,
        user_id: str,
    ) -> models.ListPasskeysResponse:
        """Lists the passkeys of an account.

        user_id: The user's id.

        Failures: user_not_found, store_unavailable.
        """
        return await to_thread(self.engine.list_passkeys, user_id=user_id)

    async def update_passkey(
        self,
        *,
        user_id: str,
        credential_id: str,
        label: str,
        actor: str | None = None,
    ) -> models.UpdatePasskeyResponse:
        """Gives a passkey another name.

        user_id: The user's id.
        credential_id: The credential's id.
        label: The user's name for the passkey: 1 to 64 characters.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: passkey_not_found, store_unavailable.
        """
        return await to_thread(
            self.engine.update_passkey, user_id=user_id, credential_id=credential_id, label=label, actor=actor
        )

    async def passkey_signals(
        self,
        *,
        user_id: str,
    ) -> models.PasskeySignalsResponse:
        """Returns what a page tells the authenticator about an account's passkeys.

        user_id: The user's id.

        Failures: user_not_found, invalid_config, store_unavailable.
        """
        return await to_thread(self.engine.passkey_signals, user_id=user_id)

    def related_origins(self) -> models.RelatedOriginsResponse:
        """Returns the origins that may use the passkeys, for `/.well-known/webauthn`.

        Failures: invalid_config.
        """
        return self.engine.related_origins()

    async def remove_passkey(
        self,
        *,
        user_id: str,
        credential_id: str,
        actor: str | None = None,
    ) -> models.RemovePasskeyResponse:
        """Removes a passkey and ends every session.

        user_id: The user's id.
        credential_id: The credential's id.
        actor: The name or id of the person who makes this call, as the host knows them, if it is not the
            user. The call's events record it.

        Failures: user_not_found, permission_denied, store_unavailable.
        """
        return await to_thread(
            self.engine.remove_passkey, user_id=user_id, credential_id=credential_id, actor=actor
        )

    async def events(
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
        after: Only events after the one with this id, in the order asked for: `next` of the previous
            page, or `resume` of an earlier answer. If that event was purged, all events that remain come
            after it.
        ip: Only events of this IP address, as the host gave it.
        kind: Only events of this kind.
        limit: The most to return: 1 to 1000, default 100.
        order: The order: `written` (default), in which an event comes after all events that were written
            before it, by any clock; `oldest` or `newest` first, by time.
        since: Only events at this time or later, in Unix seconds.
        until: Only events at this time or earlier, in Unix seconds.
        user_id: Only events that concern this account, which may be deleted.

        Failures: store_unavailable.
        """
        return await to_thread(
            self.engine.events,
            actor=actor,
            after=after,
            ip=ip,
            kind=kind,
            limit=limit,
            order=order,
            since=since,
            until=until,
            user_id=user_id,
        )

    async def verify_events(
        self,
        *,
        head: str | None = None,
    ) -> models.VerifyEventsResponse:
        """Verifies the chain over the audit log.

        head: A head that an earlier call returned and that the host kept elsewhere. The log up to it must
            be unchanged. This shows a change even if its author has the secret key.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.verify_events, head=head)

    async def stats(
        self,
        *,
        store: bool | None = None,
    ) -> models.StatsResponse:
        """Returns figures: calls by operation and status, their durations, and the contents of the store.

        store: Whether to include the store's figures, which takes a few reads; default: false.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.stats, store=store)

    async def doctor(
        self,
        *,
        integrity: bool | None = None,
    ) -> models.DoctorResponse:
        """Checks the running configuration on this machine.

        integrity: Whether to check every page, row and index of a SQLite file, however long that takes.
            Default: check for two seconds.
        """
        return await to_thread(self.engine.doctor, integrity=integrity)

    async def maintain(
        self,
        *,
        budget_ms: int | None = None,
    ) -> models.MaintainResponse:
        """Purges expired data.

        budget_ms: The time to spend, in milliseconds: 1 to 60000, default 1000. The engine finishes the
            batch that runs when the time is up.

        Failures: store_unavailable.
        """
        return await to_thread(self.engine.maintain, budget_ms=budget_ms)

    async def backup(
        self,
        *,
        path: str,
        verify: bool | None = None,
    ) -> models.BackupResponse:
        """Copies a SQLite store into a file while it is in use.

        path: The path of the file to make, with mode 0600. No file may have this name.
        verify: Whether to verify the copy before it gets its name: every page, row and index, and that
            the secret key opens it. This takes about as long as the copy. Default: false.

        Failures: feature_not_built, store_unavailable.
        """
        return await to_thread(self.engine.backup, path=path, verify=verify)
