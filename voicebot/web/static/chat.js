// The chat: writes to POST /api/v1/chat and shows what comes back. One message at a time.

import { element, texts } from "./page_data.js";

const byId = (id) => document.getElementById(id);
const begin = byId("begin");
const talk = byId("talk");
const list = byId("messages");
const status = byId("status");
const problem = byId("problem");
const choices = byId("choices");
const write = byId("write");
const field = byId("text");
const send = byId("send");
const human = byId("human");
const again = byId("again");
const tools = human.parentElement;

const STORE = "voicebot_chat";
let session = null;
let shown = [];
let isWaiting = false;

// ---- what survives a reload of this tab, and nothing longer ---------------------------------

function keep(awaited) {
  try {
    if (session) sessionStorage.setItem(STORE, JSON.stringify({ session, shown, awaited }));
    else sessionStorage.removeItem(STORE);
  } catch {
    // A frame without storage works, too.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? "null");
  } catch {
    return null;
  }
}

// ---- the list ------------------------------------------------------------------------------

function add(speaker, text) {
  const item = element("li", `turn ${speaker}`);
  const head = element("div", "turn-head");
  head.append(element("span", "speaker", speaker === "bot" ? texts.chat_bot : texts.chat_you));
  const words = element("p", "", text);
  if (speaker === "bot") words.lang = "pl";
  item.append(head, words);
  list.append(item);
  toEnd();
  return item;
}

function toEnd() {
  list.scrollTop = list.scrollHeight;
}

// Buttons and notices below take room from the list: its last message must stay in sight.
new ResizeObserver(toEnd).observe(list);

function say(speaker, text) {
  shown.push([speaker, text]);
  return add(speaker, text);
}

function offer(awaited) {
  const buttons = (awaited?.choices ?? []).map((choice) => {
    const button = element("button", "", choice);
    button.type = "button";
    button.lang = "pl";
    button.addEventListener("click", () => submit(choice));
    return button;
  });
  choices.replaceChildren(...buttons);
}

function wait(waits) {
  isWaiting = waits;
  status.textContent = waits ? texts.chat_writing : "";
  talk.setAttribute("aria-busy", String(waits));
  for (const button of [send, human, ...choices.children]) button.disabled = waits;
}

function complain(text) {
  problem.textContent = text ?? "";
  problem.hidden = !text;
}

function open() {
  begin.hidden = true;
  talk.hidden = false;
  for (const part of [write, tools]) part.hidden = false;
  again.hidden = true;
  talk.scrollIntoView({ block: "end" });
}

// The focus goes to what can be done next: it must not be lost with the field.
function close(text) {
  session = null;
  keep();
  offer(null);
  for (const part of [write, tools]) part.hidden = true;
  again.hidden = false;
  status.textContent = text;
  again.focus();
}

// ---- the server ----------------------------------------------------------------------------

async function post(body) {
  const answer = await fetch("/api/v1/chat", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.ok) return answer.json();
  throw Object.assign(new Error("refused"), { status: answer.status });
}

const REFUSALS = { 409: "chat_slow_down", 429: "chat_slow_down", 503: "chat_busy" };

async function exchange(body) {
  complain();
  wait(true);
  try {
    const reply = await post(body);
    wait(false);
    session = reply.session;
    for (const said of reply.says) say("bot", said.text);
    if (reply.ended) {
      close(texts.chat_over);
    } else {
      offer(reply.listen);
      keep(reply.listen);
      field.focus();
    }
    return true;
  } catch (error) {
    wait(false);
    if (error.status === 404 && session) close(texts.chat_gone);
    else if (error.status === 404) close(texts.chat_no_case);
    else if (error.status === 401) close(texts.chat_log_in);
    else if (error.status && !REFUSALS[error.status]) close(texts.chat_error);
    else complain(texts[REFUSALS[error.status] ?? "chat_no_connection"]);
    return false;
  }
}

// What could not be sent goes back into the field, so that nothing is typed twice.
async function submit(text) {
  const words = text.trim();
  if (!words || isWaiting || !session) return;
  const item = say("caller", words);
  const before = session;
  if (await exchange({ session, text: words })) return;
  if (session === before) {
    shown.pop();
    item.remove();
    field.value = words;
    field.focus();
  } else {
    item.classList.add("failed");
  }
}

// Scripts for outgoing calls know whom they call.
function needsCase() {
  return byId("script")?.selectedOptions[0]?.dataset.needsCase === "yes";
}

function askForCase() {
  byId("case-label").hidden = !needsCase();
  byId("case").required = needsCase();
}

byId("script")?.addEventListener("change", askForCase);
if (byId("script")) askForCase();

async function start() {
  if (isWaiting) return;
  session = null;
  shown = [];
  list.replaceChildren();
  open();
  const script = byId("script")?.value ?? null;
  const about = needsCase() ? { case: byId("case").value.trim() } : {};
  if (!(await exchange({ session: null, script, text: "", ...about })) && !session) {
    for (const part of [write, tools]) part.hidden = true;
    again.hidden = false;
  }
}

begin.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});

again.addEventListener("click", () => {
  // Where there is a choice of topics it is made anew.
  if (!byId("script")) {
    start();
    return;
  }
  talk.hidden = true;
  begin.hidden = false;
  byId("script").focus();
});

write.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = field.value;
  if (isWaiting || !words.trim()) return;
  field.value = "";
  submit(words);
});

field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  write.requestSubmit();
});

human.addEventListener("click", () => submit("konsultant"));

const earlier = kept();
if (earlier?.session) {
  session = earlier.session;
  shown = earlier.shown ?? [];
  open();
  for (const [speaker, text] of shown) add(speaker, text);
  offer(earlier.awaited);
}
