// Audio of the web phone, in the browser's audio thread. The line carries 8 kHz; where the
// browser runs at another rate, both processors convert.

const LINE_RATE = 8000;
const FRAME = 160; // 20 ms at 8 kHz
const START_SAMPLES = 480; // 60 ms are gathered before playing: the network delivers in bursts
const MOST_SAMPLES = 3200; // 400 ms: more than that is a backlog, and every answer late by it
const KEEP_SAMPLES = 960; // what a backlog is cut down to
const ZERO_CROSSINGS = 16;

// Converts between sample rates with a windowed sinc; exact in time, so nothing drifts.
class Resampler {
  constructor(from, to) {
    this.step = from / to;
    this.cutoff = Math.min(1, to / from) * 0.94; // of the input's Nyquist frequency
    this.reach = Math.ceil(ZERO_CROSSINGS / this.cutoff);
    this.buffer = new Float32Array(this.reach);
    this.position = this.reach; // of the next output sample, in the buffer
    this.isIdle = from === to;
  }

  process(input) {
    if (this.isIdle) return input;
    const joined = new Float32Array(this.buffer.length + input.length);
    joined.set(this.buffer);
    joined.set(input, this.buffer.length);
    const output = [];
    while (this.position + this.reach < joined.length) {
      output.push(this.sample(joined, this.position));
      this.position += this.step;
    }
    const used = Math.max(Math.floor(this.position) - this.reach, 0);
    this.buffer = joined.slice(used);
    this.position -= used;
    return Float32Array.from(output);
  }

  sample(values, position) {
    let sum = 0;
    const first = Math.ceil(position - this.reach);
    const last = Math.floor(position + this.reach);
    for (let index = Math.max(first, 0); index <= last; index += 1) {
      const offset = index - position;
      const x = Math.PI * this.cutoff * offset;
      const sinc = x === 0 ? 1 : Math.sin(x) / x;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * offset) / (this.reach + 1));
      sum += values[index] * sinc * window;
    }
    return sum * this.cutoff;
  }
}

// Microphone in; messages {frame: Int16Array of 160, level: 0..1} out.
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, LINE_RATE);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.isMuted = false;
    this.port.onmessage = ({ data }) => {
      this.isMuted = data.isMuted;
    };
  }

  process([input]) {
    const channel = input[0];
    if (!channel) return true; // nothing is connected yet
    for (const value of this.resampler.process(channel)) {
      const sample = this.isMuted ? 0 : Math.round(value * 32767);
      this.frame[this.filled] = Math.max(-32768, Math.min(32767, sample));
      this.filled += 1;
      if (this.filled === FRAME) this.send();
    }
    return true;
  }

  send() {
    let peak = 0;
    for (const sample of this.frame) peak = Math.max(peak, Math.abs(sample));
    this.port.postMessage({ frame: this.frame, level: peak / 32768 }, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
  }
}

// Messages with line audio in; sound out. Tells {level, playedSamples, energy} ten times a second.
class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(LINE_RATE, sampleRate);
    this.line = []; // Int16Arrays that wait
    this.waiting = 0; // samples in them
    this.ready = new Float32Array(0); // at the browser's rate
    this.isFilling = true;
    this.peak = 0;
    this.energy = 0;
    this.played = 0;
    this.sinceReport = 0;
    this.port.onmessage = ({ data }) => (data.clear ? this.clear() : this.take(data.samples));
  }

  clear() {
    this.line = [];
    this.waiting = 0;
    this.ready = new Float32Array(0);
    this.isFilling = true;
  }

  take(samples) {
    this.line.push(samples);
    this.waiting += samples.length;
    if (this.waiting <= MOST_SAMPLES) return;
    while (this.waiting > KEEP_SAMPLES) this.waiting -= this.line.shift().length;
  }

  process(_inputs, [output]) {
    const channel = output[0];
    if (this.isFilling && this.waiting >= START_SAMPLES) this.isFilling = false;
    let filled = 0;
    while (filled < channel.length && !this.isFilling) {
      if (!this.ready.length) {
        if (!this.line.length) {
          this.isFilling = true;
          break;
        }
        this.ready = this.resampler.process(this.next());
        continue;
      }
      const count = Math.min(channel.length - filled, this.ready.length);
      channel.set(this.ready.subarray(0, count), filled);
      this.ready = this.ready.subarray(count);
      filled += count;
    }
    this.measure(channel, filled);
    return true;
  }

  next() {
    const samples = this.line.shift();
    this.waiting -= samples.length;
    return Float32Array.from(samples, (sample) => sample / 32768);
  }

  measure(channel, filled) {
    for (const value of channel) {
      this.peak = Math.max(this.peak, Math.abs(value));
      this.energy += value * value;
    }
    this.played += filled;
    this.sinceReport += channel.length;
    if (this.sinceReport < sampleRate / 10) return;
    this.port.postMessage({ level: this.peak, energy: this.energy, playedSamples: this.played });
    this.peak = 0;
    this.sinceReport = 0;
  }
}

registerProcessor("capture", Capture);
registerProcessor("playback", Playback);
