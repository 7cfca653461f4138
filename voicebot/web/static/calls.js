// The list of calls going on, on the first page.

import { element, hangUp, length, texts, watchLive } from "./page_data.js";

const list = document.getElementById("live");
const error = document.getElementById("live-error");
const calls = new Map(); // by call id: {item, update}

function show() {
  if (calls.size) {
    list.replaceChildren(...[...calls.values()].map((call) => call.item));
  } else {
    list.replaceChildren(element("li", "quiet", list.dataset.empty));
  }
}

function make(update) {
  const item = element("li", "live-call");
  item.dataset.callId = update.call_id;
  const link = element("a", "", party(update));
  link.href = `/calls/${encodeURIComponent(update.call_id)}`;
  const who = element("p");
  const time = element("span", "number");
  who.append(link, " · ", time);
  const button = element("button", "danger", texts.hang_up);
  button.addEventListener("click", () => hangUp(update.call_id, button));
  const state = element("p", "quiet");
  const said = element("p", "said");
  item.append(who, button, state, said);
  return { item, time, state, said, update };
}

function party(update) {
  if (update.leg_kind === "web") return texts.web_phone_party;
  if (update.leg_kind === "chat") return texts.nav_chat;
  return update.remote_party || texts.anonymous;
}

function fill(call) {
  const { update } = call;
  const doing = update.is_bot_speaking ? texts.bot_speaks : texts.bot_listens;
  call.state.textContent = [doing, update.state].filter(Boolean).join(" · ");
  const last = update.turns.at(-1);
  if (last) call.said.textContent = `${texts[`speaker_${last.speaker}`]}: ${last.text}`;
}

function tick() {
  for (const { time, update } of calls.values()) {
    time.textContent = length((Date.now() - Date.parse(update.started_at)) / 1000);
  }
}

watchLive(null, {
  onCall(update) {
    const known = calls.get(update.call_id);
    const call = known ?? make(update);
    call.update = update;
    calls.set(update.call_id, call);
    fill(call);
    if (!known) show();
    tick();
  },
  onEnded({ call_id: callId }) {
    if (calls.delete(callId)) show();
    // Its record is closed a moment later. Somebody typing a filter is not interrupted.
    const isAtTop = !location.search && !document.activeElement?.closest("form");
    if (isAtTop) setTimeout(() => location.reload(), 1500);
  },
  onOpen() {
    error.hidden = true;
    calls.clear();
    show();
  },
  onLost() {
    error.hidden = false;
  },
});
setInterval(tick, 1000);
