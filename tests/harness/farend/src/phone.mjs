// A person who calls 1:1 by m.call.* events, as Matrix clients do in a chat of two; tests call window.saal through Playwright.
import { CallEvent, createNewMatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { startClient } from "./client.mjs";

let client = null;
let call = null;

/** Signs in with a session; `encrypted` for chats that are. */
async function start(session, { encrypted }) {
  client = await startClient({ session, encrypted });
}

/** Picture and sound go through elements, as in a real client: a browser decodes only what somebody looks at. */
function showFeeds() {
  for (const feed of call.getRemoteFeeds()) {
    const element = document.getElementById(feed.stream.id) ?? document.createElement("video");
    if (element.srcObject === feed.stream) continue;
    // After a hold another stream has the same name.
    Object.assign(element, { id: feed.stream.id, autoplay: true, srcObject: feed.stream });
    document.body.append(element);
  }
}

/** Calls the other one in a room; resolves when the invitation is on its way. */
async function place(room, { video }) {
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
  hangUp: done(() => call.hangup("user_hangup", false)),
  mute: done((kind, muted) => (kind === "audio" ? call.setMicrophoneMuted(muted) : call.setLocalVideoMuted(muted))),
  hold: done((on) => call.setRemoteOnHold(on)),
  state: () => ({
    state: call?.state ?? "none",
    hangup_reason: call?.hangupReason ?? null,
    hangup_party: call?.hangupParty ?? null,
    remote: seen(call?.remoteUsermediaFeed),
  }),
};
