// Adds a "Show" button to every password box. Without JavaScript the box stays an ordinary password box.
// The words come with the script tag, in the language of the page.
const { show: SHOW, hide: HIDE, showPassword: SHOW_PASSWORD, hidePassword: HIDE_PASSWORD } = document.currentScript.dataset;
for (const box of document.querySelectorAll(".password")) {
  const input = box.querySelector("input[type=password]");
  if (!input) continue;
  const button = document.createElement("button");
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? HIDE : SHOW;
    button.setAttribute("aria-label", visible ? HIDE_PASSWORD : SHOW_PASSWORD);
  };
  button.type = "button";
  button.className = "password__toggle";
  if (input.id) button.setAttribute("aria-controls", input.id);
  input.setAttribute("autocapitalize", "none");
  input.setAttribute("spellcheck", "false");
  button.addEventListener("click", () => show(input.type === "password"));
  // Sent, or left: a browser must not remember it as ordinary text, nor the back button show it.
  input.form?.addEventListener("submit", () => show(false));
  window.addEventListener("pagehide", () => show(false));
  show(false);
  box.append(button);
}
