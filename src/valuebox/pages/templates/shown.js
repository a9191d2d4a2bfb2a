"use strict";
// Of several pictures the one that is picked is shown; without scripts all of them are.
(() => {
  document.documentElement.classList.add("scripted");
  for (const select of document.querySelectorAll("select[data-shows]")) {
    const all = document.querySelectorAll(`[data-of="${select.dataset.shows}"]`);
    const show = () => {
      for (const one of all) one.hidden = one.dataset.name !== select.value;
    };
    select.addEventListener("change", show);
    show();
  }
})();
