// What every page does: the summary of errors takes the focus, so that it is read first.

document.querySelector("[data-focus]")?.focus();

// A menu of the header closes when one leaves it, and by Escape, which gives the focus back to what opened it.
for (const menu of document.querySelectorAll(".nv-tools__menu")) {
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}
