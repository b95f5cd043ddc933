// The page around Element Call: a Matrix client for one user that hosts Element Call as a widget, as Element Web does.
// The tests call window.saal through Playwright; a person gets here by a link whose fragment holds the same session.
import { ClientEvent, RoomEvent, RoomStateEvent } from "matrix-js-sdk";
import { RoomStickyEventsEvent } from "matrix-js-sdk/lib/models/room-sticky-events";
import { ClientWidgetApi, Widget } from "matrix-widget-api";
import { startClient } from "./client.mjs";
import { Driver } from "./widget_driver.mjs";

let call = null;

/** Keys of calls. */
const MEDIA_KEYS = "io.element.call.encryption_keys";

/** Joins the Matrix room if needed and waits until its state has come by sync. */
async function enterRoom(client, roomId) {
  if (client.getRoom(roomId)?.getMyMembership() === "join") return;
  await client.joinRoom(roomId);
  await new Promise((resolve) => {
    const look = () => {
      if (client.getRoom(roomId)?.getMyMembership() !== "join") return;
      client.off(RoomEvent.MyMembership, look);
      client.off(ClientEvent.Room, look);
      resolve();
    };
    client.on(RoomEvent.MyMembership, look);
    client.on(ClientEvent.Room, look);
    look();
  });
}

function widgetUrl(options, session) {
  const parameters = new URLSearchParams({
    widgetId: "call",
    parentUrl: location.href.split("#")[0],
    userId: session.user_id,
    deviceId: session.device_id,
    roomId: options.room_id,
    baseUrl: session.homeserver,
    lang: "en",
    theme: "dark",
    intent: "join_existing",
    skipLobby: String(options.lobby !== true),
    perParticipantE2EE: String(options.encrypted === true),
    allowIceFallback: "false",
    confineToRoom: "true",
    ...(options.ring ? { sendNotificationType: "ring" } : {}),
    ...(options.password && { password: options.password }),
  });
  return new URL(`/call/${options.mode}/${options.codec}/index.html#?${parameters}`, location.href).href;
}

/** What Element Call reads as state, timeline, sticky and to-device events: all of it comes from the host's sync. */
function feed(client, api, roomId, state) {
  const ofRoom = (event) => event.getRoomId() === roomId;
  const unless = (promise) => promise.catch((error) => console.warn("widget did not take an event:", String(error)));
  client.on(RoomEvent.Timeline, (event, _room, toStart) => {
    if (toStart || !ofRoom(event)) return;
    unless(client.decryptEventIfNeeded(event).then(() => api.feedEvent(event.getEffectiveEvent())));
  });
  client.on(RoomStateEvent.Events, (event) => {
    if (ofRoom(event) && event.getType() === "m.room.topic") state.topic = event.getContent().topic;
    if (!ofRoom(event)) return;
    unless(client.decryptEventIfNeeded(event).then(() => api.feedStateUpdate(event.getEffectiveEvent())));
  });
  client.getRoom(roomId).on(RoomStickyEventsEvent.Update, (added, updated) => {
    for (const event of [...added, ...updated.map((change) => change.current)]) {
      unless(api.feedEvent(event.getEffectiveEvent()));
    }
  });
  client.on(ClientEvent.ReceivedToDeviceMessage, ({ message, encryptionInfo }) => {
    if (message.type === MEDIA_KEYS && encryptionInfo) {
      state.keys.push({ sender: message.sender, index: message.content.keys.index });
    }
    unless(api.feedToDevice(message, encryptionInfo !== null));
  });
}

/** Element Call's own wishes (join, hang up, close) only need an answer; the page remembers the last ones. */
function answerWidget(api, state) {
  const answer = (action, note) =>
    api.on(`action:${action}`, (request) => {
      request.preventDefault();
      note(request.detail.data ?? {});
      api.transport.reply(request.detail, {});
    });
  answer("io.element.join", () => (state.phase = "joined"));
  answer("im.vector.hangup", () => (state.phase = "left"));
  answer("io.element.close", () => (state.phase = "left"));
  answer("io.element.device_mute", (data) => (state.devices = data));
  answer("set_always_on_screen", () => {});
}

async function join(options) {
  const { session } = options;
  const client = call?.client ?? (await startClient(options));
  await enterRoom(client, options.room_id);
  document.querySelector("iframe")?.remove();
  const frame = document.createElement("iframe");
  frame.allow = "camera; microphone; display-capture; autoplay; fullscreen; speaker-selection";
  const url = widgetUrl(options, session);
  const widget = new Widget({ id: "call", creatorUserId: session.user_id, type: "m.call", url, data: {}, waitForIframeLoad: false });
  const state = { phase: "joining", devices: null, delayed: [], keys: [], topic: call?.state.topic ?? null };
  document.body.append(frame);
  const driver = new Driver(client, options.room_id, state);
  const api = new ClientWidgetApi(widget, frame, driver);
  answerWidget(api, state);
  if (!call) client.setMaxListeners?.(50);
  feed(client, api, options.room_id, state);
  api.setViewedRoomId(options.room_id);
  frame.src = url;
  call = { client, api, state, driver };
}

/** Sends the last key of this user's media once more, with other content: what somebody with bad intentions may try. */
async function sendKeyLike(user, device, changes) {
  const content = structuredClone(call.driver.lastKey);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop();
    const parent = keys.reduce((object, key) => object[key], content);
    parent[last] = typeof value === "number" && typeof parent[last] === "number" ? parent[last] + value : value;
  }
  await call.client.encryptAndSendToDevice(MEDIA_KEYS, [{ userId: user, deviceId: device }], content);
}

window.saal = {
  join,
  state: () => call?.state ?? { phase: "idle" },
  setDevices: (wanted) => call.api.transport.send("io.element.device_mute", wanted),
  sendKeyLike,
  hangUp: () => call.api.transport.send("im.vector.hangup", {}),
};

if (location.hash.length > 1) {
  join(JSON.parse(decodeURIComponent(location.hash.slice(1)))).catch((error) => {
    document.body.textContent = `Could not open the call: ${error}`;
  });
}
