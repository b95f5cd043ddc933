// What a browser makes of its microphone's sound while it plays a far end. The canceller of a call knows what remote
// WebRTC tracks play, and nothing else that the page plays where there is no sound card; so the far end comes over a
// connection of the page to itself. The microphone's file has a mark before the scene: the far end starts so long after
// it. No sound is kept back or moved: what was played and heard at the same moment is at the same place of both.

/** The far end's delay in the connection. Without it the jitter buffer looks for its length and stretches the sound; so long
 * a busy machine may be late. */
const JITTER_BUFFER_MS = 300;

/** Runs in the audio thread; sent there as text. */
function room() {
  registerProcessor(
    "room",
    class extends AudioWorkletProcessor {
      constructor({ processorOptions }) {
        super();
        Object.assign(this, processorOptions, { heard: [], played: [], count: 0, mark: -1 });
      }

      /** Inputs: the microphone; what is played. Output: the far end. */
      process([microphone, played], [output]) {
        const silence = new Float32Array(128);
        const heard = microphone[0]?.slice() ?? silence;
        if (this.mark < 0) {
          const loud = heard.findIndex((sample) => Math.abs(sample) > this.threshold);
          if (loud >= 0) this.mark = this.count + loud;
        }
        this.heard.push(heard);
        this.played.push(played[0]?.slice() ?? silence);
        if (this.mark >= 0) {
          const place = this.count - this.mark - this.after;
          for (const channel of output) channel.forEach((_, n) => (channel[n] = this.far[place + n] ?? 0));
          if (place > this.far.length + this.rest) {
            this.port.postMessage({ heard: this.heard, played: this.played, mark: this.mark });
            return false;
          }
        }
        this.count += 128;
        // Without a microphone there is never a mark.
        return this.mark >= 0 || this.count < 10 * sampleRate;
      }
    },
  );
}

/** A track that comes from a peer that is this page itself, as good as Opus gives it. */
async function throughConnection(stream) {
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = ({ candidate }) => void far.addIceCandidate(candidate);
  far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate);
  const arrived = new Promise((resolve) => (far.ontrack = resolve));
  near.addTrack(stream.getAudioTracks()[0], stream);
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription);
  const answer = await far.createAnswer();
  answer.sdp = answer.sdp.replace("useinbandfec=1", "useinbandfec=0;maxaveragebitrate=510000;cbr=1");
  await far.setLocalDescription(answer);
  await near.setRemoteDescription(answer);
  const { receiver, streams } = await arrived;
  receiver.jitterBufferTarget = JITTER_BUFFER_MS;
  const close = () => [near, far].forEach((peer) => peer.close());
  return { stream: streams[0], close };
}

function toBase64(blocks) {
  const all = new Int16Array(blocks.length * 128);
  blocks.forEach((block, n) => all.set(block.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32767)))), n * 128));
  const bytes = new Uint8Array(all.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** `far`: samples of 16 bits at 48 kHz, in base64; `steps`: what the browser does to the microphone's sound. */
async function process({ far, threshold, after, rest, steps: { echo, noise, gain } }) {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([`(${room})()`], { type: "text/javascript" })));
  const bytes = Uint8Array.from(atob(far), (letter) => letter.charCodeAt(0));
  const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
  const node = new AudioWorkletNode(context, "room", {
    numberOfInputs: 2,
    outputChannelCount: [1],
    processorOptions: { far: samples, threshold, after, rest },
  });
  const done = new Promise((resolve) => (node.port.onmessage = ({ data }) => resolve(data)));
  const output = context.createMediaStreamDestination();
  node.connect(output);
  const remote = await throughConnection(output.stream);
  const loudspeaker = new Audio();
  loudspeaker.srcObject = remote.stream;
  await loudspeaker.play();
  context.createMediaStreamSource(remote.stream).connect(node, 0, 1);
  await context.resume();
  const microphone = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: echo, noiseSuppression: noise, autoGainControl: gain, channelCount: 1 },
  });
  context.createMediaStreamSource(microphone).connect(node, 0, 0);
  const { heard, played, mark } = await done;
  microphone.getTracks().forEach((track) => track.stop());
  remote.close();
  await context.close();
  return { heard: toBase64(heard), played: toBase64(played), mark };
}

window.saal = { process };
