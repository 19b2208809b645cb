// What is wrong with a lab as it is on the screen: { wide, cut, small, tiny }, each a list of what it is about.
(root) => {
  const SMALLEST_TEXT = 11;
  const SMALLEST_TARGET = 24;
  const TARGETS = "button, select, input, textarea, a, [role=button], [role=slider], [role=switch], [role=radio], [role=tab]";
  const outer = root.getBoundingClientRect();
  const padding = parseFloat(getComputedStyle(root).paddingLeft) + 1;
  const inner = { left: outer.left + padding, right: outer.right - padding };
  const nameOf = (one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""} “${(one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 30)}”`;
  const isShown = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".rnncourse-heard, defs");
  const isClipped = (one) => getComputedStyle(one).clipPath !== "none";
  const all = [...root.querySelectorAll("*")].filter((one) => isShown(one) && !isClipped(one));

  /* What may be longer than its box: the table of a long sentence, the frames of a player, and a text that is typed. */
  const scrolls = (one) => one.closest(".rnncourse-wide") !== null || one.matches("[type=text]");
  const beyond = ({ left, right, width }, box) => width > 0 && (left < box.left - 1 || right > box.right + 1);

  const wide = all.filter((one) => !(one instanceof SVGElement && one.ownerSVGElement) && !scrolls(one))
    .filter((one) => beyond(one.getBoundingClientRect(), inner) || (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible"));

  const drawnTexts = all.filter((one) => one.tagName === "text" && one.textContent.trim());
  const cut = drawnTexts.filter((one) => {
    const [text, box] = [one.getBoundingClientRect(), one.ownerSVGElement.getBoundingClientRect()];
    return beyond(text, box) || text.top < box.top - 2 || text.bottom > box.bottom + 2;
  });

  const sizeOf = (one) => {
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (!(one instanceof SVGElement)) return size;
    const { a, b } = one.getScreenCTM();
    return size * Math.hypot(a, b);
  };
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && /[^\s\u200b]/.test(node.data));
  const small = all.filter((one) => !["SELECT", "OPTION"].includes(one.tagName) && hasText(one) && sizeOf(one) < SMALLEST_TEXT - 0.01);

  const targetOf = (one) => (one.matches("[type=checkbox], [type=radio]") ? (one.closest("label") ?? one) : one);
  const tiny = all.filter((one) => one.matches(TARGETS)).filter((one) => {
    const { width, height } = targetOf(one).getBoundingClientRect();
    return Math.min(width, height) < SMALLEST_TARGET - 0.5;
  });
  const list = (found, more) => found.map((one) => `${nameOf(one)} ${more(one)}`);
  const at = (one) => { const { left, right, width, height } = one.getBoundingClientRect(); return `${(left - outer.left).toFixed(0)}–${(right - outer.left).toFixed(0)} of ${outer.width.toFixed(0)}, ${width.toFixed(0)} × ${height.toFixed(0)}, scrolls ${one.scrollWidth ?? 0}/${one.clientWidth ?? 0}`; };
  return { wide: list(wide, at), cut: list(cut, at), small: list(small, (one) => sizeOf(one).toFixed(1)), tiny: list(tiny, at) };
};
