/* Measures the slide that is shown: its title, the smallest text (that inside of drawings included, sub- and
   superscripts aside), and everything that is cut off or would have to be scrolled. */
async () => {
  const slide = Reveal.getCurrentSlide().querySelector(".slide");
  const INDEX = ":is(msub, msup, msubsup, munder, munderover) > :not(:first-child)";
  const SCRIPTS = `sub, sub *, sup, sup *, mo, .index, [dy], ${INDEX}, ${INDEX} *`;
  const smallest = { size: Infinity, text: "" };
  const hidden = [];

  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isOut = ({ left, top, right, bottom }) =>
    left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;

  function note(size, text) {
    if (size < smallest.size) Object.assign(smallest, { size, text: text.trim() });
  }

  function measureText(node) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("aside, option, .rnncourse-heard") || !isShown(element)) return;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return;
    if (isOut(box)) hidden.push(node.data.trim());
    if (element.matches(SCRIPTS)) return;
    const svg = element.closest("svg");
    note(parseFloat(getComputedStyle(element).fontSize) * (svg ? svg.getScreenCTM().a : element.currentCSSZoom), node.data);
  }

  function measureDrawing(image) {
    const [, encoded] = image.src.match(/^data:image\/svg\+xml;base64,(.*)$/) ?? [];
    if (!encoded) return;
    const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
    // An image's inside cannot be asked, so the drawing is put into the page for a moment.
    const copy = document.createElement("div");
    copy.attachShadow({ mode: "open" }).innerHTML = new TextDecoder().decode(bytes);
    document.body.append(copy);
    const drawing = copy.shadowRoot.firstElementChild;
    drawing.style.width = `${image.getBoundingClientRect().width}px`;
    drawing.style.height = "auto";
    const texts = document.createTreeWalker(drawing, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || element.matches("style, title, desc, [dy], [style*=baseline]")) continue;
      const { a, b } = element.getScreenCTM();
      note(parseFloat(getComputedStyle(element).fontSize) * Math.hypot(a, b), texts.currentNode.data);
    }
    copy.remove();
  }

  function scrolls(element) {
    const { clientWidth, clientHeight, scrollWidth, scrollHeight } = element;
    const clips = /hidden|auto|scroll|clip/.test(getComputedStyle(element).overflow) || element.matches(".body");
    const isBox = clientWidth > 2 && !element.matches("input, select, math *, svg *") && !element.closest("aside");
    return clips && isBox && isShown(element) && (scrollHeight > clientHeight + 1 || scrollWidth > clientWidth + 1);
  }

  const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) measureText(texts.currentNode);
  for (const image of [...slide.querySelectorAll("img")].filter(isShown)) {
    if (isOut(image.getBoundingClientRect())) hidden.push(image.alt);
    measureDrawing(image);
  }
  for (const element of [slide, ...slide.querySelectorAll("*")].filter(scrolls)) {
    hidden.push(`${element.tagName}.${element.className} scrolls`);
  }
  const lab = slide.querySelector(".lab");
  const sizes = lab && [lab.firstElementChild, lab].map((element) => element.getBoundingClientRect());
  return {
    title: slide.querySelector("h1, h2")?.innerText ?? "",
    shown: slide.innerText,
    isLab: lab !== null,
    filled: lab ? Math.max(sizes[0].width / sizes[1].width, sizes[0].height / sizes[1].height) : 0,
    smallest,
    hidden,
  };
};
