/* Starts the talk. D changes between light and dark, S opens the speaker's view, ? lists the other keys. */
(() => {
  const LAB_WIDTHS = [760, 840, 920, 1000, 1080, 1160, 1240];
  const LARGEST = 1.5;
  const SMALLEST = 0.58;

  function setTheme(isDark) {
    document.body.dataset.jpThemeLight = String(!isDark);
  }

  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(prefersDark.matches);
  prefersDark.addEventListener("change", ({ matches }) => setTheme(matches));

  /* By how much the writing in a box has to shrink so that the box is as wide as what it is in. */
  function shareOf(box) {
    const { paddingLeft, paddingRight, borderLeftWidth, borderRightWidth } = getComputedStyle(box);
    const frame = [paddingLeft, paddingRight, borderLeftWidth, borderRightWidth].reduce((sum, one) => sum + parseFloat(one), 0);
    const width = box.getBoundingClientRect().width / Reveal.getScale();
    return (box.parentElement.clientWidth - frame) / (width - frame);
  }

  /* Formulas and printed lines that are too wide become smaller, each for itself, before their lines are broken. */
  function narrow(slide) {
    for (const wide of slide.querySelectorAll("math[display=block], .body pre")) {
      wide.classList.remove("wraps");
      wide.style.setProperty("--narrow", 1);
      const share = shareOf(wide);
      if (share < 1) wide.style.setProperty("--narrow", (share * 0.99).toFixed(3));
      wide.classList.toggle("wraps", wide.matches("pre") && shareOf(wide) < 0.999);
    }
  }

  function fits(slide, size) {
    slide.style.setProperty("--fit", size);
    narrow(slide);
    return [slide, slide.querySelector(".body")].every(
      (box) => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1,
    );
  }

  /* Give the text of a slide the largest size at which all of it can be seen. */
  function fit(slide) {
    let [fitting, tooLarge] = [SMALLEST, LARGEST];
    if (fits(slide, LARGEST)) return;
    while (tooLarge - fitting > 0.04) {
      const middle = (fitting + tooLarge) / 2;
      if (fits(slide, middle)) fitting = middle;
      else tooLarge = middle;
    }
    fits(slide, fitting);
  }

  /* Lay a lab out at the width at which it can be enlarged most, and enlarge it until it fills its slide. */
  function enlarge(lab) {
    const inner = lab.firstElementChild;
    if (!inner.firstElementChild) return;
    const zoomAt = (width) => {
      inner.style.width = `${width}px`;
      return Math.min(lab.clientWidth / width, lab.clientHeight / inner.offsetHeight);
    };
    inner.style.zoom = 1;
    const width = LAB_WIDTHS.reduce((best, one) => (zoomAt(one) > zoomAt(best) + 0.001 ? one : best));
    const zoom = zoomAt(width) - 0.005;
    inner.style.zoom = zoom;
    inner.style.margin = `0 ${(lab.clientWidth / zoom - width) / 2}px`;
  }

  const models = JSON.parse(document.getElementById("rnncourse-widgets").textContent);
  for (const el of document.querySelectorAll(".lab > [data-rnncourse-model]")) {
    const { frontEnd, state } = models[el.dataset.rnncourseModel];
    window.rnncourseFrontEnds[frontEnd].render({ model: new rnncourseModels.Model(state), el });
  }

  Reveal.initialize({
    width: 1920,
    height: 1080,
    margin: 0,
    minScale: 0.05,
    maxScale: 4,
    center: false,
    hash: true,
    navigationMode: "linear",
    controls: false,
    slideNumber: "c/t",
    transition: "none",
    viewDistance: 1000,
    mobileViewDistance: 1000,
    plugins: [RevealNotes],
    keyboard: { 68: () => setTheme(document.body.dataset.jpThemeLight === "true") },
  }).then(() => {
    Reveal.registerKeyboardShortcut("D", "Light or dark");
    document.querySelectorAll(".slide").forEach(fit);
    for (const lab of document.querySelectorAll(".lab")) {
      new MutationObserver(() => enlarge(lab)).observe(lab.firstElementChild, { childList: true });
      enlarge(lab);
      // A network that writes makes its lab higher.
      new ResizeObserver(() => {
        if (lab.scrollHeight > lab.clientHeight + 1) enlarge(lab);
      }).observe(lab.firstElementChild);
    }
    document.body.dataset.ready = "true";
  });

  /* A clicker turns the slides from inside a lab as well, and Escape leaves it. */
  addEventListener(
    "keydown",
    (event) => {
      const turn = { PageDown: "next", PageUp: "prev" }[event.key];
      const lab = event.target.closest?.(".lab");
      if (turn && lab) {
        Reveal[turn]();
      } else if (event.key === "Escape" && lab) {
        document.activeElement.blur();
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
})();
