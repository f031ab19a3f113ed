// The pages of the site. `html` escapes everything that is put into it.

import { html } from 'hono/html'

/** The frame of every page. */
export function page(title, user, main, { error, note } = {}) {
  const links = user
    ? html`<a href="/">Account</a>
        <form method="post" action="/logout"><button class="plain">Log out</button></form>`
    : html`<a href="/login">Log in</a> <a href="/register">Register</a>`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Doorward Example</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <header>
          <a class="brand" href="/">Doorward Example</a>
          <nav aria-label="Pages">${links}</nav>
        </header>
        <main>
          <h1>${title}</h1>
          ${error ? html`<p class="error" role="alert">${error}</p>` : ''}
          ${note ? html`<p class="note" role="status">${note}</p>` : ''} ${main}
        </main>
      </body>
    </html>`
}

/** A form with a field for each name. */
export function form(action, button, ...fields) {
  return html`<form class="sheet" method="post" action="${action}">${fields}<button>${button}</button></form>`
}

export function field(label, name, { type = 'text', autocomplete = 'off', value = '' } = {}) {
  return html`<label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      required
      autocomplete="${autocomplete}"
      value="${value}"
    />`
}

export function hidden(name, value) {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}

export const registerForm = (given = {}) =>
  form(
    '/register',
    'Register',
    field('Username', 'username', { autocomplete: 'username', value: given.username }),
    field('E-mail address', 'email', { type: 'email', autocomplete: 'email', value: given.email }),
    field('Password', 'password', { type: 'password', autocomplete: 'new-password' }),
  )

export const loginForm = (given = {}) =>
  form(
    '/login',
    'Log in',
    field('Username or e-mail address', 'username', { autocomplete: 'username', value: given.username }),
    field('Password', 'password', { type: 'password', autocomplete: 'current-password' }),
  )

export const codeForm = (challenge) =>
  form(
    '/code',
    'Log in',
    hidden('challenge', challenge),
    field('Code of your authenticator app', 'code', { autocomplete: 'one-time-code' }),
  )

/** The account: its second factor, and its sessions, of which this is one. */
export function accountPage({ user, session_id }, { is_configured }, sessions) {
  const factor = is_configured
    ? html`<p class="good">An authenticator app protects your account.</p>`
    : html`<p>A password alone can be stolen. Add the codes of an authenticator app.</p>
        <form method="post" action="/totp"><button>Add an app</button></form>`
  const rows = sessions.map(
    ({ id, ip, user_agent, created_at }) =>
      html`<tr>
        <td>${new Date(created_at * 1000).toISOString().slice(0, 16).replace('T', ' ')}</td>
        <td>${ip}</td>
        <td class="agent">${user_agent}</td>
        <td>
          ${
            id === session_id
              ? html`<span class="good">This one</span>`
              : html`<form method="post" action="/sessions/end">
                  ${hidden('session_id', id)}<button class="danger">End</button>
                </form>`
          }
        </td>
      </tr>`,
  )
  return html`<section class="sheet">
      <h2>${user.username}</h2>
      <p class="hint">${user.email}</p>
      ${factor}
    </section>
    <section class="sheet">
      <h2>Sessions</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Since (UTC)</th>
              <th>Address</th>
              <th>Browser</th>
              <th></th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </div>
    </section>`
}

export function totpPage(made) {
  const image = Buffer.from(made.qr_svg).toString('base64')
  return html`<section class="sheet">
    <p>Scan this with your authenticator app, or type the key: <code class="key">${made.secret}</code></p>
    <img
      class="qr"
      src="data:image/svg+xml;base64,${image}"
      alt="QR code of the key"
      width="200"
      height="200"
    />
    <form method="post" action="/totp/confirm">
      ${field('Code that the app shows', 'code', { autocomplete: 'one-time-code' })}<button>Confirm</button>
    </form>
  </section>`
}

export function codesPage(codes) {
  return html`<section class="sheet">
    <p>Each of these codes logs you in once, if your app is lost. Keep them somewhere safe.</p>
    <ul class="codes">
      ${codes.map((code) => html`<li><code>${code}</code></li>`)}
    </ul>
    <a class="button" href="/login">Log in again</a>
  </section>`
}
