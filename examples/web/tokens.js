// A mailed token follows the # of its link, so that no server's log and no Referer header has it.
"use strict";

for (const part of document.querySelectorAll("[data-token]")) {
  const field = part.querySelector("input");
  if (location.hash.length > 1) field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  part.hidden = field.value !== "";
}
