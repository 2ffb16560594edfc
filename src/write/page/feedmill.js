// feedmill: what the pages cannot do without a script: copy an address, filter the topics, and name a picture that does not
// come. Both controls are `hidden` in the page and shown here; their words stand in the page, in its language.

for (const button of document.querySelectorAll("button[data-copy]")) {
  const { copy, copied, selected } = button.dataset;
  const address = document.getElementById(copy);
  const status = button.parentElement.querySelector("[role=status]");
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(address.textContent);
    } catch {
      // No clipboard without https: select the address, and try the old way.
      getSelection().selectAllChildren(address);
      done = document.execCommand("copy");
    }
    button.textContent = status.textContent = done ? copied : selected;
    setTimeout(() => {
      button.textContent = label;
      status.textContent = "";
    }, 4000);
  });
}

const box = document.getElementById("filter");
if (box) {
  // Without case and accents, so that "sao" finds "São".
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const output = document.getElementById("filtered");
  const topics = [...document.querySelectorAll(".topics > li")].map((item) => [item, plain(item.querySelector("h3").textContent)]);
  const filter = () => {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [item, name] of topics) {
      item.hidden = !words.every((word) => name.includes(word));
      shown += !item.hidden;
    }
    const { some, none } = output.dataset;
    output.textContent = words.length ? (shown ? some : none).replace("{}", shown) : "";
  };
  box.addEventListener("input", filter);
  box.closest("[hidden]").hidden = false;
  filter(); // The browser may have kept what was typed before.
}

for (const img of document.querySelectorAll(".picture img")) {
  const missing = () => img.parentElement.classList.add("missing");
  if (img.complete && !img.naturalWidth) missing();
  else img.addEventListener("error", missing);
}
