// The web phone: microphone and loudspeaker of this browser, over a WebSocket to the bot.

import { addTurns, texts, watchLive } from "./page_data.js";

const LINE_RATE = 8000;
const MOST_UNSENT_BYTES = 16000; // 1 s: a line that is so far behind gets no older audio on top

const byId = (id) => document.getElementById(id);
const status = byId("status");
const problem = byId("problem");
const callButton = byId("call");
const hangUpButton = byId("hang-up");
const muteButton = byId("mute");
const keypad = byId("keypad");
const transcript = byId("transcript");

let phoneCall = null;

// One call from the press of the button to its end.
class PhoneCall {
  constructor(stream, context) {
    this.stream = stream;
    this.context = context;
    this.socket = null;
    this.source = null;
    this.isOver = false;
    this.hasAnswered = false;
    this.isMuted = false;
  }

  async start() {
    await this.context.audioWorklet.addModule("/static/phone_worklet.js");
    this.capture = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    this.playback = new AudioWorkletNode(this.context, "playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    this.playback.connect(this.context.destination);
    this.capture.port.onmessage = ({ data }) => this.sendFrame(data);
    this.playback.port.onmessage = ({ data }) => {
      byId("bot-level").value = data.level;
      Object.assign(document.body.dataset, {
        playedSamples: data.playedSamples,
        playedEnergy: data.energy,
        contextRate: this.context.sampleRate,
      });
    };
    await this.context.resume();
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const script = byId("script")?.value ?? "";
    const caseNumber = byId("case")?.value.trim() ?? "";
    const query = new URLSearchParams({ script, case: caseNumber });
    this.socket = new WebSocket(`${scheme}://${location.host}/phone/ws?${query}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.takeControl(JSON.parse(data));
      else this.takeAudio(data);
    };
    this.socket.onclose = () => {
      this.end(this.hasAnswered ? texts.phone_ended : texts.phone_no_connection);
    };
  }

  takeAudio(data) {
    const view = new DataView(data);
    const samples = new Int16Array(data.byteLength >> 1);
    for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(2 * i, true);
    this.playback.port.postMessage({ samples }, [samples.buffer]);
  }

  takeControl(message) {
    if (message.type === "answered") this.answered(message.call_id);
    else if (message.type === "clear") this.playback.port.postMessage({ clear: true });
    else if (message.type === "ended") this.endedByServer(message.reason);
  }

  answered(callId) {
    this.hasAnswered = true;
    document.body.dataset.callId = callId;
    // Only now: a call is not to begin with what was said while it was being set up.
    this.context.createMediaStreamSource(this.stream).connect(this.capture);
    show(texts.phone_in_call);
    setButtons({ isInCall: true });
    callButton.blur();
    byId("call-link").href = `/calls/${encodeURIComponent(callId)}`;
    this.source = watchLive(callId, {
      onCall(update) {
        if (!addTurns(transcript, update)) return;
        byId("no-turns").hidden = true;
        transcript.lastElementChild.scrollIntoView({ block: "nearest" });
      },
      onEnded: () => {},
    });
  }

  endedByServer(reason) {
    const known = {
      hangup: texts.phone_ended_hangup,
      busy: texts.phone_busy,
      script: texts.phone_no_script,
      shutdown: texts.phone_shutdown,
      error: texts.phone_error,
    };
    this.end(known[reason] ?? texts.phone_ended, reason);
  }

  sendFrame({ frame, level }) {
    byId("mic-level").value = level;
    const isOpen = this.socket?.readyState === WebSocket.OPEN;
    if (!isOpen || !this.hasAnswered || this.socket.bufferedAmount > MOST_UNSENT_BYTES) return;
    // Little-endian on the wire, whatever this machine is.
    const view = new DataView(new ArrayBuffer(frame.length * 2));
    frame.forEach((sample, i) => view.setInt16(2 * i, sample, true));
    this.socket.send(view.buffer);
  }

  press(digit) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ type: "digit", digit }));
  }

  hangUp() {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: "hangup" }));
    }
    this.end(texts.phone_ended_hangup, "hangup");
  }

  mute(isMuted) {
    this.isMuted = isMuted;
    this.capture.port.postMessage({ isMuted });
  }

  end(message, reason = "") {
    if (this.isOver) return;
    this.isOver = true;
    document.body.dataset.ended = reason || "closed";
    this.stream.getTracks().forEach((track) => track.stop());
    this.context.close();
    this.socket.close();
    // The last words reach the live calls a moment after the line is closed.
    setTimeout(() => this.source?.close(), 1500);
    if (phoneCall === this) phoneCall = null;
    show(message);
    setButtons({ isInCall: false });
    byId("see-call").hidden = !this.hasAnswered;
  }
}

function show(message) {
  status.textContent = message;
}

function complain(message) {
  problem.textContent = message;
  problem.hidden = !message;
}

function setButtons({ isInCall, isStarting = false }) {
  callButton.disabled = isInCall || isStarting;
  hangUpButton.disabled = !isInCall;
  muteButton.disabled = !isInCall;
  keypad.disabled = !isInCall;
  if (!isInCall) {
    setMute(false);
    byId("mic-level").value = 0;
    byId("bot-level").value = 0;
  }
}

function setMute(isMuted) {
  muteButton.setAttribute("aria-pressed", String(isMuted));
  muteButton.textContent = isMuted ? texts.phone_unmute : texts.phone_mute;
}

// Why calls can't be made on this page at all; empty: they can.
function obstacle() {
  if (!window.isSecureContext) return texts.phone_insecure;
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
    return texts.phone_old_browser;
  }
  return "";
}

function microphoneProblem(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") {
    return texts.phone_refused;
  }
  return error.name === "NotFoundError" ? texts.phone_no_microphone : texts.phone_microphone_in_use;
}

// Firefox does not join a microphone to a context of another rate: it gets its own rate, and
// the worklet converts.
function makeContext() {
  const isFirefox = "mozGetUserMedia" in navigator || navigator.userAgent.includes("Firefox/");
  const wanted = new URLSearchParams(location.search).get("rate");
  if (wanted === "own" || isFirefox) return new AudioContext({ latencyHint: "interactive" });
  try {
    return new AudioContext({ latencyHint: "interactive", sampleRate: LINE_RATE });
  } catch {
    return new AudioContext({ latencyHint: "interactive" });
  }
}

async function call() {
  complain("");
  setButtons({ isInCall: false, isStarting: true });
  byId("see-call").hidden = true;
  transcript.replaceChildren();
  byId("no-turns").hidden = false;
  delete document.body.dataset.ended;
  show(texts.phone_asking);
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
        ...wantedProcessing(),
      },
    });
  } catch (error) {
    complain(microphoneProblem(error));
    show(texts.phone_ready);
    setButtons({ isInCall: false });
    return;
  }
  show(texts.phone_connecting);
  phoneCall = new PhoneCall(stream, makeContext());
  try {
    await phoneCall.start();
  } catch {
    phoneCall.socket ??= { close() {} };
    phoneCall.end(texts.phone_error, "error");
  }
}

// `?processing=off` sends the microphone as it is: for measurements.
function wantedProcessing() {
  if (new URLSearchParams(location.search).get("processing") !== "off") return {};
  return { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
}

function press(key) {
  phoneCall?.press(key);
  const button = keypad.querySelector(`[data-key="${CSS.escape(key)}"]`);
  button?.classList.add("pressed");
  setTimeout(() => button?.classList.remove("pressed"), 150);
}

callButton.addEventListener("click", call);
hangUpButton.addEventListener("click", () => phoneCall?.hangUp());
muteButton.addEventListener("click", () => {
  if (!phoneCall) return;
  phoneCall.mute(!phoneCall.isMuted);
  setMute(phoneCall.isMuted);
});
keypad.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) press(key);
});
document.addEventListener("keydown", (event) => {
  if (!phoneCall || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^[0-9*#]$/.test(event.key)) press(event.key);
});
addEventListener("pagehide", () => phoneCall?.hangUp());

const why = obstacle();
if (why) {
  complain(why);
  callButton.disabled = true;
}
