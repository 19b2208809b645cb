/* Which keys a widget keeps to itself: put in front of the script of each widget. */

function belongsToNotebook(event) {
  const runsCell = event.key === "Enter" && event.shiftKey;
  return runsCell || event.ctrlKey || event.metaKey || event.altKey;
}

function backToNotebook(root) {
  root.closest(".jp-Cell[tabindex], .jp-Notebook[tabindex]")?.focus();
}
