"use strict";
// Code, choice of a screen, one connection that sends it and its sound. See docs/adr/0027-browsers-in-the-room.md.

const part = (id) => document.getElementById(id);
let socket = null;
let screen = null;
let sound = null;
let connection = null;

/** Shows one step, and says something of it. */
function show(step, words) {
  for (const other of document.querySelectorAll(".step")) other.hidden = other.id !== step;
  part("status").textContent = words ? part(`say-${words}`).textContent : "";
  const first = step && part(step).querySelector("input, button");
  if (first) first.focus();
}

function send(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Nothing is sent any more; the next one begins anew. */
function end(words) {
  const [open, sending, tracks] = [socket, connection, [screen, sound]];
  socket = connection = screen = sound = null;
  for (const track of tracks) track?.stop();
  if (sending) sending.close();
  if (open) open.close();
  show("over", words);
}

function knock() {
  const opened = new WebSocket(`wss://${location.host}/share`);
  socket = opened;
  show(null, "asking");
  opened.addEventListener("open", () => send({ code: part("code").value }));
  opened.addEventListener("message", (event) => void heard(JSON.parse(event.data)));
  opened.addEventListener("close", () => {
    if (socket === opened) end("failed");
  });
}

async function heard(message) {
  if (message === "showing") return show("showing");
  const [kind, value] = Object.entries(message)[0];
  if (kind === "refused") {
    const open = socket;
    socket = null;
    open.close();
    part("code").value = "";
    show("enter", value.wait_s > 0 ? "wait" : "wrong");
  } else if (kind === "welcome") {
    part("room").textContent = value.room;
    if (value.busy) show("busy");
    else await choose();
  } else if (kind === "offer") {
    await connect(value).catch(() => end("failed"));
  } else if (kind === "end") {
    end(value);
  }
}

/** Browsers ask for a click before they ask for a screen; the one on "Continue" may be too long ago. */
async function choose() {
  try {
    const video = { frameRate: { max: 30 }, width: { max: 1920 }, height: { max: 1080 } };
    // A film's sound, not a voice; heard in the room, and not from the laptop a moment before.
    const audio = {
      echoCancellation: false, noiseSuppression: false, autoGainControl: false, suppressLocalAudioPlayback: true,
    };
    const stream = await navigator.mediaDevices.getDisplayMedia({ video, audio, systemAudio: "include" });
    if (!socket) return stream.getTracks().forEach((track) => track.stop());
    screen = stream.getVideoTracks()[0];
    sound = stream.getAudioTracks()[0] ?? null;
    // Writing matters more than movement.
    screen.contentHint = "detail";
    screen.addEventListener("ended", () => end("stopped"));
    show(null, "connecting");
    send({ ready: { sound: sound !== null } });
  } catch {
    show("choose");
  }
}

/** Answers an offer of a picture and sound; a room whose engine began anew sends another offer. */
async function connect(sdp) {
  if (!screen) return;
  if (connection) connection.close();
  connection = new RTCPeerConnection();
  await connection.setRemoteDescription({ type: "offer", sdp });
  const [line, ear] = connection.getTransceivers();
  // The one of sound stays open where there is none to send: a section at rest would stop the room's side.
  line.direction = ear.direction = "sendonly";
  await line.sender.replaceTrack(screen);
  if (sound) await ear.sender.replaceTrack(sound);
  await connection.setLocalDescription(await connection.createAnswer());
  const settings = line.sender.getParameters();
  settings.degradationPreference = "maintain-resolution";
  for (const encoding of settings.encodings) encoding.maxBitrate = 6_000_000;
  await line.sender.setParameters(settings).catch(() => {});
  send({ answer: connection.localDescription.sdp });
}

part("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  knock();
});
part("pick").addEventListener("click", () => void choose());
part("replace").addEventListener("click", () => void choose());
part("cancel").addEventListener("click", () => end("stopped"));
part("stop").addEventListener("click", () => end("stopped"));
part("again").addEventListener("click", () => {
  part("code").value = "";
  show("enter");
});
if (!navigator.mediaDevices?.getDisplayMedia) show(null, "unable");
