// A page that says how far something is: what is new is taken over in place, and nothing is reloaded under its reader.
const SELECTOR = "[data-look-again]";
const take = (region, fresh) => {
  if (fresh.matches(SELECTOR)) {
    region.querySelector("label").textContent = fresh.querySelector("label").textContent;
    for (const name of ["max", "value"]) region.querySelector("progress")[name] = fresh.querySelector("progress")[name];
    return later(region);
  }
  region.replaceChildren(...fresh.childNodes); // it is done, one way or the other
};
const look = async (region) => {
  let fresh = null;
  try {
    const answer = await fetch(location.href);
    fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(region.id);
  } catch { /* not there just now: the next look may find it */ }
  if (fresh) take(region, fresh); else later(region);
};
const later = (region) => window.setTimeout(look, Number(region.dataset.lookAgain) * 1000, region);
document.querySelectorAll(SELECTOR).forEach(later);
