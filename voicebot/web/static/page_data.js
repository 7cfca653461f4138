// What the server has put into the page, and how to speak to its API.

export const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

export function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// An element with text, never markup: what callers say is shown, not run.
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function turnItem(turn, index) {
  const item = element("li", `turn ${turn.speaker}`);
  item.dataset.index = index;
  const head = element("div", "turn-head");
  head.append(
    element("span", "speaker", texts[`speaker_${turn.speaker}`]),
    element("span", "time", length(turn.started_s)),
  );
  item.append(head, element("p", "", turn.text));
  return item;
}

// Adds the turns of a live update that are not shown yet; whether there were any.
export function addTurns(list, update) {
  const shown = new Set([...list.children].map((item) => Number(item.dataset.index)));
  let added = false;
  update.turns.forEach((turn, position) => {
    const index = update.first_turn + position;
    if (shown.has(index)) return;
    list.append(turnItem(turn, index));
    added = true;
  });
  return added;
}

// Follows live calls. Each connection begins with all that is going on.
export function watchLive(callId, { onCall, onEnded, onOpen, onLost }) {
  const query = callId ? `?call_id=${encodeURIComponent(callId)}` : "";
  const source = new EventSource(`/api/v1/live${query}`);
  source.addEventListener("call", (event) => onCall(JSON.parse(event.data)));
  source.addEventListener("ended", (event) => onEnded(JSON.parse(event.data)));
  source.addEventListener("open", () => onOpen?.());
  source.addEventListener("error", () => onLost?.());
  return source;
}

export async function hangUp(callId, button) {
  if (!confirm(texts.hang_up_sure)) return;
  button.disabled = true;
  const url = `/api/v1/live-calls/${encodeURIComponent(callId)}/hang-up`;
  const answer = await fetch(url, { method: "POST" }).catch(() => null);
  if (!answer?.ok && answer?.status !== 404) {
    button.disabled = false;
    alert(texts.hang_up_failed);
  }
}
