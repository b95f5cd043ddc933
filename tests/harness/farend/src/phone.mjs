// A person who calls 1:1 by m.call.* events, as Matrix clients do in a chat of two; tests call window.saal through Playwright.
import { CallEvent, createNewMatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { startClient } from "./client.mjs";

let client = null;
let call = null;

/**
 * Signs in with a session; `encrypted` for chats that are, `relayed` for media that go through the home server's relays
 * alone. Calls that come are kept until they are answered.
 */
async function start(session, { encrypted, relayed }) {
  client = await startClient({ session, encrypted });
  if (relayed) {
    client.setForceTURN(true);
    if (!(await client.checkTurnServers())) throw new Error("the home server names no relays");
  }
  client.on(CallEventHandlerEvent.Incoming, (incoming) => {
    call = incoming;
    call.on(CallEvent.FeedsChanged, showFeeds);
  });
}

/** Calls as clients before parties did (version 0): what they did not know is not said. */
function speakVersion0() {
  const send = client.sendEvent.bind(client);
  client.sendEvent = async (room, type, content, ...more) => {
    if (!type.startsWith("m.call.")) return await send(room, type, content, ...more);
    if (type === "m.call.select_answer") return { event_id: "$none" };
    const { party_id, capabilities, ...known } = content;
    return await send(room, type, { ...known, version: 0 }, ...more);
  };
}

/** Picture and sound go through elements, as in a real client: a browser decodes only what somebody looks at. */
function showFeeds() {
  for (const feed of call.getRemoteFeeds()) {
    const known = document.getElementById(feed.stream.id);
    if (known?.srcObject === feed.stream) continue;
    // Not appended once more: an element that is moved pauses.
    const element = known ?? document.body.appendChild(document.createElement("video"));
    // After a hold another stream has the same name.
    Object.assign(element, { id: feed.stream.id, srcObject: feed.stream });
    // Asked for in words: an element whose stream has ended does not start by itself again.
    element.play().catch((error) => console.warn("play:", String(error)));
  }
}

/** Calls the other one in a room; resolves when the invitation is on its way. */
async function place(room, { video, version0 }) {
  if (version0) speakVersion0();
  call = createNewMatrixCall(client, room);
  if (!call) throw new Error("this browser can't call");
  call.on(CallEvent.FeedsChanged, showFeeds);
  call.on(CallEvent.Error, (error) => console.error("call:", String(error)));
  await call.placeCall(true, video);
}

/** A moving picture that is not the camera's, where the library asks for the screen. */
async function share(on) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const context = canvas.getContext("2d");
  let frame = 0;
  setInterval(() => {
    context.fillStyle = "white";
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "black";
    context.fillRect((frame++ * 20) % 1280, 0, 100, 720);
  }, 100);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10);
  await call.setScreensharingEnabled(on);
}

const seen = (feed) => (feed ? { audio_muted: feed.isAudioMuted(), video_muted: feed.isVideoMuted() } : null);

const done = (action) => async (...given) => (await action(...given), null);

window.saal = {
  start: done(start),
  place: done(place),
  share: done(share),
  answer: done(() => call.answer(true, false)),
  restartIce: done(() => call.peerConn.restartIce()),
  hangUp: done(() => call.hangup("user_hangup", false)),
  mute: done((kind, muted) => (kind === "audio" ? call.setMicrophoneMuted(muted) : call.setLocalVideoMuted(muted))),
  hold: done((on) => call.setRemoteOnHold(on)),
  state: () => ({
    state: call?.state ?? "none",
    hangup_reason: call?.hangupReason ?? null,
    hangup_party: call?.hangupParty ?? null,
    remote: seen(call?.remoteUsermediaFeed),
    ice: /a=ice-ufrag:(\S+)/.exec(call?.peerConn?.remoteDescription?.sdp)?.[1] ?? null,
  }),
};
