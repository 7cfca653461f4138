// One call: its player with waveform, or its progress while it goes on.

import { addTurns, hangUp, length, texts, watchLive } from "./page_data.js";

const call = document.getElementById("call");
const { callId } = call.dataset;
if (call.dataset.hasRecording === "yes") play();
if (call.dataset.live === "yes") follow();

function follow() {
  const state = document.getElementById("live-state");
  const list = document.getElementById("transcript");
  const button = document.getElementById("hang-up");
  button.addEventListener("click", () => hangUp(callId, button));
  const source = watchLive(callId, {
    onCall(update) {
      if (addTurns(list, update)) document.getElementById("no-turns")?.remove();
      const doing = update.is_bot_speaking ? texts.bot_speaks : texts.bot_listens;
      state.textContent = [doing, update.state].filter(Boolean).join(" · ");
    },
    onEnded() {
      source.close();
      setTimeout(() => location.reload(), 1500);
    },
  });
}

function play() {
  const player = document.getElementById("player");
  const canvas = document.getElementById("waveform");
  const turns = [...document.querySelectorAll(".turn")];
  let waveform = null;

  function duration() {
    return waveform?.duration_s || player.duration || 0;
  }

  function seek(seconds) {
    player.currentTime = Math.min(Math.max(seconds, 0), duration());
    update();
  }

  function draw() {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth * scale;
    const height = canvas.clientHeight * scale;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!waveform) return;
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    drawChannel(context, waveform.caller, color("--caller"), 0, width, height / 2);
    drawChannel(context, waveform.bot, color("--bot"), height / 2, width, height / 2);
    context.fillStyle = color("--line");
    context.fillRect(0, height / 2 - scale / 2, width, scale);
    if (duration()) {
      context.fillStyle = color("--playing");
      const x = (player.currentTime / duration()) * width;
      context.fillRect(x - scale, 0, 2 * scale, height);
    }
  }

  function drawChannel(context, values, color, top, width, height) {
    context.fillStyle = color;
    const step = width / Math.max(values.length, 1);
    values.forEach((value, index) => {
      // The root makes quiet speech visible beside loud speech.
      const size = Math.max(Math.sqrt(value / 255) * (height - 6), 1);
      context.fillRect(index * step, top + (height - size) / 2, Math.max(step - 0.5, 0.5), size);
    });
  }

  function update() {
    draw();
    const now = player.currentTime;
    const isUnderWay = !player.paused || now > 0;
    for (const turn of turns) {
      const { start, end } = turn.dataset;
      const isPlaying = isUnderWay && now >= Number(start) && now < Number(end);
      if (isPlaying && !turn.classList.contains("playing") && !player.paused) {
        turn.scrollIntoView({ block: "nearest" });
      }
      turn.classList.toggle("playing", isPlaying);
    }
    canvas.setAttribute("aria-valuemax", duration().toFixed(1));
    canvas.setAttribute("aria-valuenow", now.toFixed(1));
    canvas.setAttribute("aria-valuetext", `${length(now)} / ${length(duration())}`);
  }

  function animate() {
    update();
    if (!player.paused) requestAnimationFrame(animate);
  }

  function seekTo(event) {
    const box = canvas.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * duration());
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    seekTo(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) seekTo(event);
  });
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -5, ArrowRight: 5, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      seek(player.currentTime + steps[event.key]);
    } else if (event.key === " " || event.key === "Enter") {
      player.paused ? player.play() : player.pause();
    } else {
      return;
    }
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-seek]")) {
    button.addEventListener("click", () => {
      seek(Number(button.dataset.seek));
      player.play();
    });
  }
  player.addEventListener("play", animate);
  for (const name of ["pause", "seeked", "timeupdate", "loadedmetadata"]) {
    player.addEventListener(name, update);
  }
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  const points = Math.min(Math.max(Math.round(canvas.clientWidth), 200), 2000);
  fetch(`/api/v1/calls/${encodeURIComponent(callId)}/waveform?points=${points}`)
    .then((answer) => (answer.ok ? answer.json() : null))
    .then((data) => {
      waveform = data;
      canvas.dataset.ready = "yes";
      update();
    });
}
