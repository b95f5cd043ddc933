// Runs in every frame before the page's own code: remembers the peer connections, so that what a person would see and
// hear can be read as numbers. Everything here is called by src/main.mjs through window.saalProbe.

/** Installs the probe; sent to the browser as text, so it uses nothing from outside of itself. */
export function installProbe() {
  const peers = [];
  const streamOf = new Map();
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...options) {
      super(...options);
      peers.push(this);
      this.addEventListener("track", ({ track, streams }) => streamOf.set(track.id, streams[0]?.id ?? ""));
    }
  };

  const alive = () => peers.filter((peer) => peer.connectionState !== "closed");

  const remoteTracks = (kind) =>
    alive()
      .flatMap((peer) => peer.getTransceivers())
      .filter((line) => ["sendrecv", "recvonly"].includes(line.currentDirection))
      .map((line) => line.receiver.track)
      .filter((track) => track?.kind === kind && track.readyState === "live" && streamOf.get(track.id));

  async function stats() {
    const found = { inbound: [], outbound: [], connections: alive().map((peer) => peer.connectionState) };
    for (const peer of alive()) {
      const lines = await peer.getStats();
      for (const line of lines.values()) {
        const codec = lines.get(line.codecId)?.mimeType ?? "";
        if (line.type === "inbound-rtp") found.inbound.push({ ...line, codec, stream: streamOf.get(line.trackIdentifier) ?? "" });
        if (line.type === "outbound-rtp") found.outbound.push({ ...line, codec });
      }
    }
    return found;
  }

  /** One value of a track's frames or samples, with a deadline: a muted track gives none. */
  async function read(reader, within) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, within, { done: true })));
    const { value, done } = await Promise.race([reader.read(), late]);
    clearTimeout(timer);
    return done ? null : value;
  }

  function toBase64(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  }

  async function lumaOf(track, within) {
    const copy = track.clone();
    const reader = new MediaStreamTrackProcessor({ track: copy, maxBufferSize: 1 }).readable.getReader();
    try {
      const frame = await read(reader, within);
      if (!frame) return null;
      const { width, height } = frame.visibleRect;
      const bytes = new Uint8Array(frame.allocationSize());
      const [luma] = await frame.copyTo(bytes);
      const plane = new Uint8Array(width * height);
      for (let row = 0; row < height; row++) {
        const start = luma.offset + row * luma.stride;
        plane.set(bytes.subarray(start, start + width), row * width);
      }
      const seen = { stream: streamOf.get(track.id), format: frame.format, width, height, at_ms: Date.now(), luma: toBase64(plane) };
      frame.close();
      return seen;
    } finally {
      await reader.cancel().catch(() => {});
      copy.stop();
    }
  }

  async function soundOf(track, ms) {
    const copy = track.clone();
    const reader = new MediaStreamTrackProcessor({ track: copy }).readable.getReader();
    const parts = [];
    let [rate, count] = [48000, 0];
    try {
      while (count < (rate * ms) / 1000) {
        const data = await read(reader, 1000);
        if (!data) break;
        rate = data.sampleRate;
        const samples = new Float32Array(data.numberOfFrames);
        data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        parts.push(samples);
        count += samples.length;
        data.close();
      }
    } finally {
      await reader.cancel().catch(() => {});
      copy.stop();
    }
    const all = new Float32Array(count);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return { stream: streamOf.get(track.id), sample_rate: rate, samples: toBase64(new Uint8Array(all.buffer)) };
  }

  window.saalProbe = {
    stats,
    luma: async (within) => (await Promise.all(remoteTracks("video").map((track) => lumaOf(track, within)))).filter(Boolean),
    sound: async (ms) => await Promise.all(remoteTracks("audio").map((track) => soundOf(track, ms))),
    peerCount: () => alive().length,
  };
}
