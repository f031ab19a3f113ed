// A button asks the browser for a passkey and sends its response with the form. Where the browser can, a form
// also offers passkeys in the name field (autofill).
"use strict";

const waiting = new AbortController();

async function ask(form, more) {
  const options = JSON.parse(form.dataset.options);
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), ...more })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });
  form.elements.response.value = JSON.stringify(credential);
  form.submit();
}

async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    await ask(form, { mediation: form.dataset.mediation, signal: waiting.signal });
  } catch {
    // The user pressed a button instead.
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    waiting.abort();
    try {
      await ask(form, {});
    } catch {
      form.querySelector("[role=alert]").textContent = "The browser returned no passkey. Please try again.";
    }
  });
  if (form.dataset.mediation) offer(form);
}

// The password manager forgets passkeys that are gone, and learns the name of the account.
const told = document.querySelector("[data-signals]");
if (told) {
  const signals = JSON.parse(told.dataset.signals);
  const tell = (method, argument) => window.PublicKeyCredential?.[method]?.(argument).catch(() => {});
  tell("signalAllAcceptedCredentials", signals.all_accepted_credentials);
  tell("signalCurrentUserDetails", signals.current_user_details);
}
