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

  /**
   * What the page's own camera gave in this time: when each picture came to the page, and one line of pixels of each row
   * in which a picture carries its code.
   */
  async function captures(ms) {
    const track = alive()
      .flatMap((peer) => peer.getSenders())
      .map((sender) => sender.track)
      .find((sent) => sent?.kind === "video" && sent.readyState === "live");
    if (!track) return [];
    const copy = track.clone();
    const reader = new MediaStreamTrackProcessor({ track: copy, maxBufferSize: 2 }).readable.getReader();
    const found = [];
    const [rows, first, end] = [15, 2, 6];
    try {
      for (const until = performance.now() + ms; performance.now() < until; ) {
        const frame = await read(reader, 1000);
        if (!frame) break;
        const at_ms = performance.timeOrigin + performance.now();
        const { width, height } = frame.visibleRect;
        // Whole rows of chroma too.
        const top = Math.floor((first * height) / rows / 2) * 2;
        const rect = { x: 0, y: top, width, height: Math.floor(((end - first) * height) / rows / 2) * 2 };
        const bytes = new Uint8Array(frame.allocationSize({ rect }));
        const [luma] = await frame.copyTo(bytes, { rect });
        frame.close();
        const plane = new Uint8Array(width * rows);
        for (let row = first; row < end; row++) {
          const start = luma.offset + (Math.floor(((row + 0.5) * height) / rows) - top) * luma.stride;
          plane.set(bytes.subarray(start, start + width), row * width);
        }
        found.push({ stream: "", width, height: rows, at_ms, luma: toBase64(plane) });
      }
    } finally {
      await reader.cancel().catch(() => {});
      copy.stop();
    }
    return found;
  }

  /** Where others' pictures are on the page, wholly, also what of them is cut off. */
  function places() {
    const frame = window.frameElement?.getBoundingClientRect() ?? { left: 0, top: 0 };
    const theirs = new Set(remoteTracks("video").map((track) => track.id));
    const elements = [...document.querySelectorAll("video")].filter((video) =>
      (video.srcObject?.getVideoTracks() ?? []).some((track) => theirs.has(track.id)),
    );
    return elements.filter((video) => video.videoWidth > 0).map((video) => {
      const { left, top, width, height } = video.getBoundingClientRect();
      const { objectFit } = getComputedStyle(video);
      const [across, down] = [width / video.videoWidth, height / video.videoHeight];
      const scale = objectFit === "cover" ? Math.max(across, down) : Math.min(across, down);
      const [shown_width, shown_height] = [video.videoWidth * scale, video.videoHeight * scale];
      return {
        x: Math.round(frame.left + left + (width - shown_width) / 2),
        y: Math.round(frame.top + top + (height - shown_height) / 2),
        width: Math.round(shown_width),
        height: Math.round(shown_height),
      };
    });
  }

  window.saalProbe = {
    stats,
    captures,
    places,
    luma: async (within) => (await Promise.all(remoteTracks("video").map((track) => lumaOf(track, within)))).filter(Boolean),
    sound: async (ms) => await Promise.all(remoteTracks("audio").map((track) => soundOf(track, ms))),
    peerCount: () => alive().length,
  };
}
