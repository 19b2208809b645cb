Reveal.initialize({
  width: 1100,
  height: 740,
  margin: 0.03,
  center: false,
  hash: true,
  slideNumber: "c/t",
  transition: "none",
});
