"use strict";
// A token, one connection that receives. See docs/adr/0027-browsers-in-the-room.md.

const part = (id) => document.getElementById(id);
let socket = null;
let connection = null;

/** Shows one step, and says something of it. */
function show(step, words) {
  for (const other of document.querySelectorAll(".step")) other.hidden = other.id !== step;
  part("status").textContent = words ? part(`say-${words}`).textContent : "";
}

function end(words) {
  const [open, receiving] = [socket, connection];
  socket = connection = null;
  if (receiving) receiving.close();
  if (open) open.close();
  part("picture").srcObject = null;
  show("enter", words);
}

function look() {
  const opened = new WebSocket(`wss://${location.host}/look`);
  const of = new FormData(part("enter")).get("of");
  const token = part("token").value;
  socket = opened;
  show(null, "connecting");
  opened.addEventListener("open", () => opened.send(JSON.stringify({ look: { token, of } })));
  opened.addEventListener("message", (event) => void heard(JSON.parse(event.data)));
  opened.addEventListener("close", () => {
    if (socket === opened) end("failed");
  });
}

async function heard(message) {
  if (message === "showing") return show("showing");
  if (message === "asking") return show(null, "asking");
  if (message.offer) await connect(message.offer).catch(() => end("failed"));
  else if (message.end) end(message.end);
}

async function connect(sdp) {
  connection = new RTCPeerConnection();
  connection.addEventListener("track", ({ track, streams }) => {
    part("picture").srcObject = streams[0] ?? new MediaStream([track]);
  });
  await connection.setRemoteDescription({ type: "offer", sdp });
  await connection.setLocalDescription(await connection.createAnswer());
  socket.send(JSON.stringify({ answer: connection.localDescription.sdp }));
}

part("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
part("close").addEventListener("click", () => end("closed"));
if (!window.RTCPeerConnection) show(null, "unable");
