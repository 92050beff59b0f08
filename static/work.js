// A challenged sign-up does its work by itself: in a thread of its own, with the progress in words, and then goes on. A
// browser that cannot is left with the other way on the page, and so is everybody who does not want to wait.
(() => {
  const form = document.querySelector("form[data-work]"), bar = form.querySelector("progress");
  const status = form.querySelector("[role=status]");
  const give_up = () => { form.hidden = true; };
  const hear = (worker, { data }) => {
    if (data.done) bar.value = data.done;
    if (!data.numbers) return;
    worker.terminate();
    form.elements.work.value = data.numbers.join(",");
    status.textContent = form.dataset.done;
    form.requestSubmit();
  };
  try {
    const worker = new Worker(form.dataset.work);
    worker.onmessage = (event) => hear(worker, event);
    worker.onerror = give_up;
    worker.postMessage({ seed: form.dataset.seed, parts: Number(bar.max), bits: Number(form.dataset.bits) });
    form.hidden = false;
  } catch {
    give_up();
  }
})();
