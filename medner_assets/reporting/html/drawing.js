"use strict";
// How a text with its entities is drawn, in a report and on the page of a served version. No text is ever parsed as HTML.

const make = (tag, text = "", className = "") => {
  const node = document.createElement(tag);
  if (text !== "") node.textContent = text;
  if (className) node.className = className;
  return node;
};

const SHAPES = ["●", "■", "▲", "◆", "★", "✚", "⬟", "◗"];

// A text with stretches as lines below it: one track each, colour and pattern by type, and the type's shape where one
// begins. points: its characters; a stretch: {track, type, start, end}; rows: lines that there is room for.
function highlightedText(points, stretches, {types, tracks, rows}, label) {
  const drawn = stretches.filter(({start, end, type}) => type >= 0 && start >= 0 && start < Math.min(end, points.length));
  const borders = [...new Set([0, points.length, ...drawn.flatMap(({start, end}) => [start, Math.min(end, points.length)])])];
  borders.sort((a, b) => a - b);
  const starts = new Map(), ends = new Map();
  for (const stretch of drawn) {
    (starts.get(stretch.start) ?? starts.set(stretch.start, []).get(stretch.start)).push(stretch);
    const end = Math.min(stretch.end, points.length);
    (ends.get(end) ?? ends.set(end, []).get(end)).push(stretch);
  }
  const open = new Set();
  const text = make("div", "", "text");
  scrollable(text, label);
  borders.slice(0, -1).forEach((from, place) => {
    for (const stretch of ends.get(from) ?? []) open.delete(stretch);
    for (const stretch of starts.get(from) ?? []) open.add(stretch);
    const piece = points.slice(from, borders[place + 1]).join("");
    if (!open.size) {
      text.append(piece);
      return;
    }
    const span = make("span");
    const begun = starts.get(from) ?? [];
    // The shape is the first track's; only where that has nothing does it say what others saw.
    const shown = begun.some(({track}) => !track) ? begun.filter(({track}) => !track) : [...open].some(({track}) => !track) ? [] : begun;
    for (const type of new Set(shown.map(({type}) => type))) {
      const mark = make("sup", SHAPES[type % SHAPES.length]);
      mark.style.color = `var(--t${type % 8})`;
      span.append(mark);
    }
    span.append(piece);
    const images = [], positions = [];
    for (const {track, type} of open) {
      images.push(pattern(type));
      positions.push(`0 calc(100% - ${(rows - 1 - track) * 0.28}em)`);
    }
    span.style.backgroundImage = images.join(",");
    span.style.backgroundPosition = positions.join(",");
    span.title = [...open].map(({track, type}) => `${tracks[track]}: ${types[type]}`).join("; ");
    text.append(span);
  });
  return text;
}

// What scrolls must be reachable by keyboard, and say what it is.
function scrollable(node, label) {
  node.tabIndex = 0;
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
}

// Each type has its colour and its pattern: solid, dashed, dotted and so on, for eyes that see no colour and for print.
function pattern(type) {
  const colour = `var(--t${type % 8})`;
  const [on, off] = [[1, 0], [7, 3], [2, 2], [12, 3], [4, 2], [1, 3], [9, 1], [3, 5]][type % 8];
  if (!off) return `linear-gradient(${colour}, ${colour})`;
  return `repeating-linear-gradient(90deg, ${colour} 0 ${on}px, transparent ${on}px ${on + off}px)`;
}
