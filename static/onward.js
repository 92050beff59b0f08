// An answer for an app is sent on by itself; without this file, by the button.
document.querySelector("form[data-onward]").requestSubmit();
