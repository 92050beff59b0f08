// Backup codes: "Print" and "Copy" work only with JavaScript, so they are shown only with JavaScript.
for (const sheet of document.querySelectorAll(".codes")) {
  const codes = [...sheet.querySelectorAll(".codes__list li")].map((item) => item.textContent.trim());
  const said = sheet.querySelector("[data-codes-said]");
  const wire = (name, act) => {
    const button = sheet.querySelector(`[data-codes-${name}]`);
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", act);
  };
  wire("print", () => window.print());
  if (navigator.clipboard) {
    wire("copy", () =>
      navigator.clipboard.writeText(codes.join("\n")).then(
        () => { said.textContent = said.dataset.copied; },
        () => { said.textContent = said.dataset.notCopied; },
      ));
  }
}
