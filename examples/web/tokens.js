// The mailed token is behind the # of its link, so that it stays out of server logs and Referer headers.
"use strict";

for (const part of document.querySelectorAll("[data-token]")) {
  const field = part.querySelector("input");
  if (location.hash.length > 1) field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  part.hidden = field.value !== "";
}
