// The report's script, behind drawing.js: the SQL behind a number, and the browser of documents.

// ---- The SQL behind a number -------------------------------------------------------------------------------------
const provenance = document.getElementById("provenance");
document.addEventListener("click", (event) => {
  const number = event.target.closest("data[data-sql]");
  if (!number) {
    if (!event.target.closest("#provenance")) provenance.hidden = true;
    return;
  }
  const close = make("button", "Close");
  close.type = "button";
  close.addEventListener("click", () => { provenance.hidden = true; });
  const pre = make("pre");
  pre.append(make("code", number.dataset.sql));
  const copy = make("button", "Copy");
  copy.type = "button";
  // Not navigator.clipboard: a report that is served in a sandbox may not use it.
  copy.addEventListener("click", () => {
    getSelection().selectAllChildren(pre);
    copy.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl+C";
  });
  provenance.replaceChildren(make("p", `${number.textContent}: exactly ${number.value || "no value"}, by`), pre, copy, close);
  provenance.hidden = false;
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") provenance.hidden = true; });

// On a phone the list of sections starts folded.
if (window.matchMedia("(max-width: 900px)").matches) document.querySelector("nav details").open = false;

// ---- The browser of documents ------------------------------------------------------------------------------------
const PAGE = window.matchMedia("(max-width: 900px)").matches ? 8 : 25;
const TP = 1, FP = 2, FN = 4;

class Browser {
  constructor(root, names) {
    this.root = root;
    this.names = names;
    this.documents = [];
    this.matches = [];
    this.page = 0;
    this.current = null;
    this.form = root.querySelector("form");
    this.list = root.querySelector(".list ol");
    this.case = root.querySelector(".case");
    this.fillFilters();
    this.form.addEventListener("input", () => this.filter());
    this.form.addEventListener("reset", () => setTimeout(() => this.filter()));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.open(this.documents[Number(button.dataset.document)]);
    });
    for (const button of root.querySelectorAll("[data-page]")) {
      button.addEventListener("click", () => this.turn(Number(button.dataset.page)));
    }
    document.addEventListener("keydown", (event) => this.key(event));
    root.hidden = false;
  }

  fillFilters() {
    const {names, codes, entityTypes, relationTypes} = this.names;
    const fill = (name, options) => {
      const select = this.form.elements[name];
      for (const [value, label] of options) {
        const option = make("option", label);
        option.value = value;
        select.append(option);
      }
    };
    const last = names.length - 1;
    fill("version", [[String(last), names[last]], ...(last ? [["0", names[0]], ["", "either"]] : [])]);
    fill("error", [["", "any"], ...codes.map((code, index) => [String(index), code]).slice(1)]);
    fill("type", [
      ["", "any"],
      ...entityTypes.map((type, index) => [`0:${index}`, type]),
      ...relationTypes.map((type, index) => [`1:${index}`, `${type} (relation)`]),
    ]);
    if (names.length < 2) this.form.elements.change.closest("label").hidden = true;
  }

  // A document as it is packed (see cases.py), with what the filters need counted once.
  add([id, text, cut, entities, relations, versions]) {
    const gold = [entities, relations];
    const items = [];
    const found = versions.map(() => [new Map(), new Map()]);
    const errors = versions.map(() => 0);
    versions.forEach((tasks, version) => {
      for (const task of [0, 1]) {
        for (const outcome of tasks[task]) {
          const [error, flags, index] = outcome;
          if (index >= 0 && flags & (TP | FN)) found[version][task].set(index, Boolean(flags & TP));
          if (flags & (FP | FN)) errors[version] += ((flags & FP) >> 1) + ((flags & FN) >> 2);
          if (!error) continue;
          const type = outcome.length > 4 ? outcome[3] : -1;
          items.push({version, task, error, type, goldType: index < 0 ? -1 : gold[task][index][0], index, change: ""});
        }
      }
    });
    const note = {id, text, cut, gold, versions, items, errors, fixes: 0, regressions: 0, at: this.documents.length};
    if (versions.length === 2) {
      for (const task of [0, 1]) {
        for (const [index, before] of found[0][task]) {
          const after = found[1][task].get(index);
          if (after === undefined || (before && after)) continue;
          const change = before ? "regression" : after ? "fix" : "neither";
          if (change === "regression") note.regressions += 1;
          if (change === "fix") note.fixes += 1;
          for (const item of items) if (item.task === task && item.index === index) item.change = change;
        }
      }
    }
    note.total = errors.reduce((sum, count) => sum + count, 0);
    this.documents.push(note);
  }

  filter() {
    const values = Object.fromEntries(new FormData(this.form));
    const search = values.search.trim().toLowerCase();
    const number = (text) => (text === "" ? -1 : Number(text));
    const version = number(values.version), task = number(values.task), error = number(values.error);
    const [typeTask, type] = values.type ? values.type.split(":").map(Number) : [-1, -1];
    const asked = task >= 0 || error >= 0 || type >= 0 || values.change !== undefined && values.change !== "";
    this.counted = 0;
    this.matches = this.documents.filter((note) => {
      if (search) {
        note.lower ??= `${note.id}\n${note.text}`.toLowerCase();
        if (!note.lower.includes(search)) return false;
      }
      let count = 0;
      for (const item of note.items) {
        // A fix is an error of the baseline, so the version does not narrow a search for changes.
        if (version >= 0 && item.version !== version && !values.change) continue;
        if (task >= 0 && item.task !== task) continue;
        if (error >= 0 && item.error !== error) continue;
        if (type >= 0 && (item.task !== typeTask || (item.type !== type && item.goldType !== type))) continue;
        if (values.change && item.change !== values.change) continue;
        count += 1;
      }
      this.counted += count;
      return count > 0 || !asked;
    });
    const orders = {
      errors: (a, b) => b.total - a.total || a.at - b.at,
      regressions: (a, b) => b.regressions - a.regressions || a.at - b.at,
      fixes: (a, b) => b.fixes - a.fixes || a.at - b.at,
      id: (a, b) => (a.id < b.id ? -1 : 1),
    };
    if (values.order !== "errors") this.matches.sort(orders[values.order]);
    this.page = 0;
    this.showList();
    if (this.matches.length && !this.matches.includes(this.current)) this.open(this.matches[0], false);
    if (!this.matches.length) this.case.replaceChildren(make("p", "No document fits the filters.", "missing"));
  }

  showList() {
    const pages = Math.max(1, Math.ceil(this.matches.length / PAGE));
    const shown = this.matches.slice(this.page * PAGE, (this.page + 1) * PAGE);
    this.list.start = this.page * PAGE + 1;
    this.list.replaceChildren(...shown.map((note) => {
      const button = make("button");
      button.type = "button";
      button.dataset.document = note.at;
      if (note === this.current) button.setAttribute("aria-current", "true");
      button.append(make("span", note.id, "id"), make("span", this.told(note), "errs"));
      const item = make("li");
      item.append(button);
      return item;
    }));
    const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
    this.root.querySelector(".count").textContent =
      `${count(this.matches.length, "document")} of ${this.names.documents.toLocaleString("en")}, ${count(this.counted, "error")}`
      + (this.documents.length < this.names.shown ? " (still unpacking)" : "");
    this.root.querySelector(".pager span").textContent = `page ${this.page + 1} of ${pages}`;
    const [back, on] = this.root.querySelectorAll("[data-page]");
    back.disabled = this.page === 0;
    on.disabled = this.page >= pages - 1;
  }

  // Open the document that an address names: report.html#document=<id>.
  follow(hash) {
    if (!hash.startsWith("#document=")) return;
    const id = decodeURIComponent(hash.slice("#document=".length));
    const place = this.matches.findIndex((note) => note.id === id);
    if (place < 0) return;
    this.page = Math.floor(place / PAGE);
    this.open(this.matches[place]);
    this.case.scrollIntoView({block: "start"});
  }

  told(note) {
    const changes = `${note.fixes ? ` ▲${note.fixes}` : ""}${note.regressions ? ` ▼${note.regressions}` : ""}`;
    return `${note.errors.join(" → ")}${changes}`;
  }

  turn(by) {
    const pages = Math.max(1, Math.ceil(this.matches.length / PAGE));
    this.page = Math.min(Math.max(this.page + by, 0), pages - 1);
    this.showList();
  }

  // Keys work while the focus is among the documents, so that they are in nobody's way elsewhere.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.root.contains(event.target)) return;
    if (event.target.closest?.("input, select, textarea")) {
      if (event.key === "Escape") (this.list.querySelector("[aria-current]") ?? event.target).focus();
      return;
    }
    const step = {j: 1, k: -1, ArrowDown: 1, ArrowUp: -1}[event.key];
    if (event.key.startsWith("Arrow") && !this.list.contains(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      this.form.elements.search.focus();
    } else if (step) {
      event.preventDefault();
      const next = this.matches[this.matches.indexOf(this.current) + step];
      if (next) {
        this.page = Math.floor(this.matches.indexOf(next) / PAGE);
        this.open(next);
        this.list.querySelector("[aria-current]").focus();
      }
    } else if (event.key === "n" || event.key === "p") {
      this.turn(event.key === "n" ? 1 : -1);
    }
  }

  // chosen: by the reader, so that the address then leads to this document.
  open(note, chosen = true) {
    const inList = this.list.contains(document.activeElement);
    this.current = note;
    this.showList();
    if (inList) this.list.querySelector("[aria-current]")?.focus();
    const title = make("h3", note.id);
    const parts = [title, this.tracks(), this.highlighted(note)];
    if (note.cut) parts.push(make("p", `${note.cut.toLocaleString("en")} more characters are not in this file.`, "note"));
    for (const task of [0, 1]) {
      const table = this.table(note, task);
      if (table) parts.push(table);
    }
    const left = note.versions.reduce((sum, version) => sum + version[2], 0);
    if (left) parts.push(make("p", `${left.toLocaleString("en")} more outcomes are not in this file.`, "note"));
    this.case.replaceChildren(...parts);
    if (!chosen) return;
    history.replaceState(null, "", `#document=${encodeURIComponent(note.id)}`);
    if (window.matchMedia("(max-width: 900px)").matches) this.case.scrollIntoView({block: "start"});
  }

  tracks() {
    const line = make("div", "", "tracks");
    ["gold", ...this.names.names].forEach((name, index) => {
      line.append(make("span", `${["upper", "middle", "lower"][index]} line: ${name}`));
    });
    this.names.entityTypes.forEach((type, index) => {
      const label = make("span");
      const shape = make("i", SHAPES[index % SHAPES.length], "shape");
      shape.style.cssText = `width:auto;height:auto;background:none;color:var(--t${index % 8})`;
      label.append(shape, type);
      line.append(label);
    });
    return line;
  }

  // Stretches of gold and of each version.
  highlighted(note) {
    const points = Array.from(note.text);
    const stretches = note.gold[0].map(([type, start, end]) => ({track: 0, type, start, end}));
    note.versions.forEach((tasks, version) => {
      for (const outcome of tasks[0]) stretches.push({track: version + 1, ...this.predicted(note, outcome)});
    });
    const tracks = ["gold", ...this.names.names];
    return highlightedText(points, stretches, {types: this.names.entityTypes, tracks, rows: 3}, "text of the document");
  }

  // What an entity outcome predicted, from its packed form: exactly its gold mention, a stretch of its own, or nothing.
  predicted(note, [, , gold, type, start, end, text]) {
    if (type === undefined) return {type: -1, start: -1, end: -1, text: ""};
    if (start === undefined) return this.mention(note, note.gold[0][gold]);
    return this.mention(note, [type, start, end, text]);
  }

  mention(note, [type, start, end, text]) {
    note.points ??= Array.from(note.text);
    return {type, start, end, text: text ?? note.points.slice(start, end).join("")};
  }

  // A class of errors in words of this mention: another string on the gold's own stretch is no other stretch, and
  // what lies on a gold mention that is answered already is not made up.
  errorName(note, code, {start, end}, gold) {
    if (code === "boundary" && gold && start === gold.start && end === gold.end) return "another string at its place";
    if (code !== "spurious" || start < 0) return code;
    const met = note.gold[0].map((each) => this.mention(note, each)).find((each) => each.start < end && start < each.end);
    return met ? `part of “${met.text}”, which is counted already` : code;
  }

  // One row an item: gold first, then what only a version predicted; one column a version says what became of it.
  table(note, task) {
    const {names, codes} = this.names;
    const types = task ? this.names.relationTypes : this.names.entityTypes;
    const rows = new Map();
    note.gold[task].forEach((gold, index) => {
      const item = task ? {type: gold[0], text: `${gold[1]} → ${gold[2]}`} : this.mention(note, gold);
      rows.set(`g${index}`, {item, gold: true, cells: names.map(() => [])});
    });
    note.versions.forEach((tasks, version) => {
      tasks[task].forEach((outcome) => {
        const [error, flags, index, type, head, tail] = outcome;
        const predicted = task
          ? {type: type ?? -1, text: type === undefined ? "" : `${head} → ${tail}`}
          : this.predicted(note, outcome);
        let row = rows.get(`g${index}`);
        if (!row) {
          const key = `p${predicted.type}|${predicted.text}`;
          row = rows.get(key) ?? rows.set(key, {item: predicted, gold: false, cells: names.map(() => [])}).get(key);
        }
        row.cells[version].push({error, flags, predicted});
      });
    });
    if (!rows.size) return null;
    const table = make("table");
    const head = table.createTHead().insertRow();
    for (const label of [task ? "relation" : "entity", "gold", ...names]) {
      const cell = make("th", label);
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const {item, gold, cells} of rows.values()) {
      const row = body.insertRow();
      const title = make("th");
      title.scope = "row";
      if (!task && item.type >= 0) {
        const shape = make("i", SHAPES[item.type % SHAPES.length], "shape");
        shape.style.color = `var(--t${item.type % 8})`;
        title.append(shape);
      }
      title.append(`${item.text} `, make("span", types[item.type] ?? "", "rule"));
      row.append(title);
      const told = row.insertCell();
      told.textContent = gold ? "yes " : "no";
      const found = cells.map((cell) => cell.some(({flags}) => flags & TP));
      const lost = cells.map((cell) => cell.some(({flags}) => flags & FN));
      if (gold && names.length === 2 && found[0] && lost[1]) told.append(make("span", "▼ regressed", "bad"));
      if (gold && names.length === 2 && lost[0] && found[1]) told.append(make("span", "▲ fixed", "good"));
      for (const cell of cells) {
        const td = row.insertCell();
        for (const {error, predicted} of cell) {
          const other = error && predicted.type >= 0 && gold
            ? `: ${predicted.text === item.text ? "" : `${predicted.text} `}${predicted.type === item.type ? "" : types[predicted.type]}`.trimEnd()
            : "";
          const name = task ? codes[error] : this.errorName(note, codes[error], predicted, gold ? item : null);
          const line = make("div", error ? `✗ ${name}${other === ":" ? "" : other}` : "✓ correct", error ? "wrong" : "found");
          td.append(line);
        }
      }
    }
    const wide = make("div", "", "wide");
    scrollable(wide, task ? "relations of the document" : "entities of the document");
    wide.append(table);
    return wide;
  }
}

async function unpacked(block) {
  const stream = new Blob([bytesOf(block)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).json();
}

function bytesOf(block) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(block);
  const packed = atob(block);
  const bytes = new Uint8Array(packed.length);
  for (let place = 0; place < packed.length; place += 1) bytes[place] = packed.charCodeAt(place);
  return bytes;
}

async function start() {
  const root = document.getElementById("browser");
  if (!root) return;
  const browser = new Browser(root, JSON.parse(document.getElementById("browser-names").textContent));
  const [first, ...others] = document.getElementById("browser-blocks").textContent.split("\n").filter(Boolean);
  if (!first) {
    browser.filter();
    return;
  }
  // The first block is shown before the others are touched; they unpack side by side, and are added in their order.
  for (const packed of await unpacked(first)) browser.add(packed);
  browser.filter();
  root.dataset.first = String(Math.round(performance.now()));
  for (const block of others.map(unpacked)) for (const packed of await block) browser.add(packed);
  browser.filter();
  browser.follow(location.hash);
  root.dataset.ready = String(Math.round(performance.now()));
}

start().catch((error) => {
  const note = document.createElement("p");
  note.className = "missing";
  note.textContent = `The documents could not be unpacked (${error.message}): open the report in a browser of 2023 or later.`;
  document.getElementById("documents").append(note);
});
