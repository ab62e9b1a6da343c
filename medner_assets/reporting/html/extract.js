// The script of the page of a served version, behind drawing.js.

const form = document.getElementById("asking");
const found = document.getElementById("found");
const state = document.getElementById("state");
const types = JSON.parse(document.getElementById("types").textContent);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  state.textContent = "Reading …";
  found.hidden = true;
  const began = performance.now();
  try {
    const answer = await fetch("/extract", {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({text: form.elements.text.value}),
    });
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error.message);
    const [read] = content.documents;
    const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;
    state.textContent = `${count(read.entities.length, "entity", "entities")}, ${count(related(read).length, "relation", "relations")} `
      + `in ${((performance.now() - began) / 1000).toFixed(1)} s, by ${content.served.version}`;
    show(read);
  } catch (error) {
    state.textContent = `Not read: ${error.message}`;
  } finally {
    button.disabled = false;
  }
});

// Ctrl+Enter in the text asks, as people expect of a box of text.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

function show(read) {
  const stretches = [];
  for (const entity of read.entities) {
    if (!types.includes(entity.type)) types.push(entity.type);
    if (entity.start !== undefined) {
      stretches.push({track: 0, type: types.indexOf(entity.type), start: entity.start, end: entity.end});
    }
  }
  const shown = highlightedText(Array.from(read.text), stretches, {types, tracks: ["found"], rows: 1}, "text with its entities");
  const parts = [make("h2", "Found"), legend(read), shown];
  if (read.cut) parts.push(make("p", "The answer reached its limit: the last items of the text may be missing.", "missing"));
  parts.push(table(["entity", "type", "place", "probability"], read.entities.map((entity) => [
    [mark(entity.type), entity.text, ...(entity.start === undefined ? [make("span", " not in the text", "missing")] : [])],
    entity.type, entity.start === undefined ? "–" : `${entity.start}–${entity.end}`, probable(entity),
  ]), "No entity."));
  parts.push(table(["relation", "type", "probability"], related(read).map(({head, tail, type, probability}) => [
    [`${head} → ${tail}`], type, probable({probability}),
  ]), "No relation."));
  found.replaceChildren(...parts);
  found.hidden = false;
}

// Relations with the texts of their arguments, those whose argument is no entity that was read too.
function related(read) {
  const texts = Object.fromEntries(read.entities.map(({id, text}) => [id, text]));
  return [
    ...read.relations.map((each) => ({...each, head: texts[each.head], tail: texts[each.tail]})),
    ...(read.unresolved_relations ?? []).map((each) => ({...each, head: each.head_text, tail: each.tail_text})),
  ];
}

function legend(read) {
  const line = make("div", "", "tracks");
  for (const type of types.filter((each) => read.entities.some((entity) => entity.type === each))) {
    const label = make("span");
    label.append(mark(type), type);
    line.append(label);
  }
  return line;
}

function mark(type) {
  const at = types.indexOf(type);
  const shape = make("span", SHAPES[at % SHAPES.length], "shape");
  shape.style.color = `var(--t${at % 8})`;
  shape.setAttribute("aria-hidden", "true");
  return shape;
}

// No probability is 0 or 1, so none is shown as that.
function probable({probability}) {
  if (probability === undefined) return "not known";
  return probability >= 0.995 ? "> 0.99" : probability < 0.005 ? "< 0.01" : probability.toFixed(2);
}

// rows: cells of text; the first, which names its row, is a list of what stands in it.
function table(columns, rows, none) {
  if (!rows.length) return make("p", none, "missing");
  const made = make("table");
  const top = made.createTHead().insertRow();
  columns.forEach((name, at) => {
    const cell = make("th", name, at === columns.length - 1 ? "num" : "");
    cell.scope = "col";
    top.append(cell);
  });
  const body = made.createTBody();
  for (const [first, ...others] of rows) {
    const row = body.insertRow();
    const title = make("th");
    title.scope = "row";
    title.append(...first);
    row.append(title);
    others.forEach((text, at) => row.append(make("td", text, at === others.length - 1 ? "num" : "")));
  }
  const wide = make("div", "", "wide");
  scrollable(wide, columns[0] === "entity" ? "entities" : "relations");
  wide.append(made);
  return wide;
}
